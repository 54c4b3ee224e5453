/** Names of adapters that are programs: SwiftShader (Chromium), llvmpipe and lavapipe (Mesa), WARP (Windows). */
export function isSoftwareName(name: string): boolean {
  return /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i.test(name);
}
