/** Packages that make training faster where there is something to be faster with; shoal never installs them. */

const optionalPackages = {
  webgpu: ["webgpu"],
  /** The first that is installed is used. */
  tensorflow: ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"],
} as const;

export type OptionalBackend = keyof typeof optionalPackages;

export function installedPackage(backend: OptionalBackend): string | undefined {
  return optionalPackages[backend].find(isInstalled);
}

export function isOptional(name: string): name is OptionalBackend {
  return Object.hasOwn(optionalPackages, name);
}

/** For whoever wonders why it isn't used. */
export function missingPackage(backend: OptionalBackend): string {
  return `its package is not installed (npm install ${optionalPackages[backend].join(" or ")})`;
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
