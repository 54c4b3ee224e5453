/** What went wrong with a file, as the end of a sentence. */
const words: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left there",
  EDQUOT: "the disk quota is used up",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EROFS: "it is read-only",
  ENOENT: "it is not there",
  ENOTDIR: "it is no folder",
  EEXIST: "it is no folder",
  EISDIR: "a folder is in the way",
  ERR_FS_EISDIR: "a folder is in the way",
  EIO: "the disk fails",
};

export function faultOf(error: unknown): string {
  const code = codeOf(error);
  return words[code] ?? (error instanceof Error ? error.message : String(error));
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
