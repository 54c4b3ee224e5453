/** `--backend`; apart, because the help must not load what computes. */
export const backendWishes = ["auto", "webgpu", "tensorflow", "wasm", "cpu"] as const;
export type BackendWish = (typeof backendWishes)[number];
