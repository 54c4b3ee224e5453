import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { dataFolder as namedFolder, dataPlace } from "../../peer-node/data-place.ts";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { dataFolder } from "./tiny-files.ts";

test("a file is read whole or in part; what is not there is said with file and offset", async (t) => {
  const folder = dataFolder(t);
  folder.write("a/b.bin", Uint8Array.of(1, 2, 3, 4, 5));
  const source = createFolderSource(folder.path);
  assert.deepEqual([...(await source.read("a/b.bin"))], [1, 2, 3, 4, 5]);
  assert.deepEqual([...(await source.read("a/b.bin", { from: 1, length: 2 }))], [2, 3]);
  await assert.rejects(source.read("a/b.bin", { from: 3, length: 4 }), {
    message: "a/b.bin: ends at byte 5, expected are 7: get it again (docs/data.md)",
  });
  await assert.rejects(source.read("a/c.bin"), /^Error: a\/c\.bin: there is no such file in /);
  assert.equal(await source.size("a/b.bin"), 5);
  assert.equal(await source.size("a"), undefined);
  assert.deepEqual(await source.list("a"), ["b.bin"]);
  assert.deepEqual(await source.list("no"), []);
});

test("records are gathered without what lies between them", async (t) => {
  const folder = dataFolder(t);
  const bytes = Uint8Array.from({ length: 4 + 10 * 3 }, (_, i) => i);
  folder.write("r.bin", bytes);
  const field = { start: 4, recordBytes: 3, from: 1, length: 2 };
  const gathered = await createFolderSource(folder.path).gather("r.bin", field, Uint32Array.of(0, 2, 9));
  assert.deepEqual([...gathered], [5, 6, 11, 12, 32, 33]);
});

test("nothing outside the folder is there, and nothing that a dot hides", async (t) => {
  const [folder, outside] = [dataFolder(t), dataFolder(t)];
  outside.write("secret.txt", "secret");
  folder.write(".env", "secret");
  folder.write("inside.txt", "text");
  folder.write(".git/config", "secret");
  symlinkSync(join(outside.path, "secret.txt"), join(folder.path, "link.txt"));
  symlinkSync(outside.path, join(folder.path, "linked"));
  symlinkSync(join(folder.path, "inside.txt"), join(folder.path, "alias.txt"));
  const source = createFolderSource(folder.path);
  const escapes = [
    "../inside.txt",
    `../${outside.path.split("/").at(-1)}/secret.txt`,
    "a/../../x",
    join(outside.path, "secret.txt"),
  ];
  for (const path of [...escapes, ".env", ".git/config", "", ".", "..", "a//b", "inside.txt\0", "..\\x"]) {
    assert.equal(await source.size(path), undefined, path);
    await assert.rejects(source.read(path), /there is no such file/, path);
  }
  for (const path of ["link.txt", "linked/secret.txt"])
    await assert.rejects(source.read(path), /is a link to a place outside of .+: put the file itself there$/);
  assert.equal(Buffer.from(await source.read("alias.txt")).toString(), "text");
});

test("the folder may be the root of the file system", async (t) => {
  const folder = dataFolder(t);
  folder.write("..a/b.txt", "hidden");
  folder.write("a/..b", "hidden");
  folder.write("a/b.txt", "text");
  const source = createFolderSource("/");
  const path = folder.path.slice(1);
  assert.equal(await source.size(`${path}/a/b.txt`), 4);
  assert.deepEqual(await source.list(`${path}/a`), ["b.txt"]);
  assert.equal(await source.size(`${path}/..a/b.txt`), undefined);
});

test("--data-dir comes before SHOAL_DATA; without either the server is asked", (t) => {
  const folder = dataFolder(t);
  const before = process.env["SHOAL_DATA"];
  t.after(() => {
    if (before === undefined) delete process.env["SHOAL_DATA"];
    else process.env["SHOAL_DATA"] = before;
  });
  delete process.env["SHOAL_DATA"];
  assert.equal(namedFolder(undefined), undefined);
  assert.deepEqual(dataPlace(undefined, "http://x"), { kind: "http", url: "http://x" });
  process.env["SHOAL_DATA"] = folder.path;
  assert.deepEqual(dataPlace(undefined, "http://x"), { kind: "folder", path: folder.path });
  assert.equal(namedFolder("/tmp"), "/tmp");
  assert.throws(
    () => namedFolder("/no/such"),
    /^CommandError|Error: --data-dir \(\/no\/such\): must be a folder/,
  );
});
