/** Numbers of the protocol core, each with its reason. */

/** Reordering on a LAN is far below this; learned upwards from what really comes late. */
export const minQuietMs = 4;
export const initialQuietMs = 20;
/** Beyond this a fragment is late, whatever its link does. */
export const maxQuietMs = 100;
/** A value beyond this is nobody's parameter: refused on arrival. The largest that f16 can carry. */
export const maxMagnitude = 65_504;
/** Peers that listen without being members cost upload: few at a time. */
export const maxListeners = 8;
/** Peers whose figures are kept after they left; strangers come and go without end. */
export const maxAccounts = 64;
