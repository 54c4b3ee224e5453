/** The browser's own words are about its internals. */
export const lostReason = "the browser lost the graphics card";
