/** The house rules that no compiler knows: who may import whom, and what shared code may touch. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const codeFolders = ["shared", "peer-node", "peer-browser", "signaling-server", "test", "bench"];

interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}
interface Import {
  /** A file from the root, or a package. */
  readonly target: string;
  readonly isTypeOnly: boolean;
}

const sources: readonly Source[] = codeFolders.flatMap(typescriptFiles).map((path) => {
  const text = readFileSync(join(root, path), "utf8");
  return { path, text, imports: importsOf(path, text) };
});

function typescriptFiles(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => posix.join(folder, ...file.split(/[\\/]/)));
}

function importsOf(path: string, text: string): Import[] {
  const statement =
    /^\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;
  return [...withoutComments(text).matchAll(statement)].map(([, type, named, dynamic]) => {
    const name = named ?? dynamic ?? "";
    const target = name.startsWith(".") ? posix.join(dirname(path), name) : name;
    return { target, isTypeOnly: type !== undefined };
  });
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^(\s*|.*[\s;{])\/\/ .*$/gm, "$1");
}

const inFolder = (folder: string) => sources.filter(({ path }) => path.startsWith(`${folder}/`));

function assertImports(folder: string, isAllowed: (target: string, isTypeOnly: boolean) => boolean): void {
  const wrong = inFolder(folder).flatMap(({ path, imports }) =>
    imports.filter((it) => !isAllowed(it.target, it.isTypeOnly)).map((it) => `${path} imports ${it.target}`),
  );
  assert.deepEqual(wrong, []);
}

const starts =
  (...prefixes: readonly string[]) =>
  (target: string) =>
    prefixes.some((prefix) => target === prefix || target.startsWith(`${prefix}/`));

test("the imports of every source file are found", () => {
  const relay = sources.find(({ path }) => path === "shared/core/round.ts");
  assert.ok(relay?.imports.some(({ target }) => target === "shared/core/packet.ts"));
  assert.ok(sources.length > 100);
});

test("shared/core imports nothing but itself and valibot", () => {
  assertImports("shared/core", starts("shared/core", "valibot"));
});

test("shared/net stands on shared/core; of the trainer it knows the types", () => {
  // What Node and tabs have in common of the outside world: one link stack, the server's socket and signatures.
  const isBelow = starts("shared/net", "shared/core", "valibot", "@noble", "simple-peer", "socket.io-client");
  assertImports(
    "shared/net",
    (target, isTypeOnly) => isBelow(target) || (isTypeOnly && target === "shared/training/trainer.ts"),
  );
});

test("shared/training stands on shared/core and tfjs; its data on no tfjs, but on decoders of pictures", () => {
  const isData = starts("shared/training/data");
  const isBelow = starts("shared/training", "shared/core", "valibot", "@tensorflow");
  assertImports("shared/training", (target) => isBelow(target) || starts("fast-png", "jpeg-js")(target));
  assertImports("shared/training/data", (target) =>
    [isData, starts("shared/core", "valibot", "fast-png", "jpeg-js")].some((fits) => fits(target)),
  );
});

test("shared/simulation stands on shared/core and the training data", () => {
  assertImports("shared/simulation", starts("shared/simulation", "shared/core", "shared/training/data"));
});

test("roles import shared and themselves, never each other, but for the one place where the server starts", () => {
  const roles = ["peer-node", "peer-browser", "signaling-server"];
  const crossing = roles.flatMap((role) =>
    inFolder(role).filter(({ imports }) =>
      imports.some(({ target }) => roles.some((other) => other !== role && target.startsWith(`${other}/`))),
    ),
  );
  assert.deepEqual(
    crossing.map(({ path }) => path),
    ["peer-node/shoal.ts"],
  );
  for (const role of roles) {
    const strays = inFolder(role)
      .flatMap(({ imports }) => imports)
      .filter(({ target }) => starts("test", "bench")(target));
    assert.deepEqual(strays, []);
  }
});

/** Clock, randomness, sockets and links are handed in. */
const forbidden: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["node:*", /["']node:/],
  ["the DOM", /\b(?:window|document|navigator|localStorage)\s*[.[]/],
  ["process", /\bprocess\s*[.[]/],
  ["Buffer", /\bBuffer\b/],
  ["a timer", /\b(?:setTimeout|setInterval|setImmediate|requestAnimationFrame)\b/],
  ["Math.random", /\bMath\s*\.\s*random\b/],
  ["the wall clock", /\bDate\s*\.\s*now\b|\bnew\s+Date\b|\bDate\(/],
  ["performance.now", /\bperformance\s*\.\s*now\b/],
  ["crypto", /\bcrypto\s*\./],
];

/** What pages share is DOM by its nature; only pages may import it. */
const isForPages = starts("shared/page");

test("shared/page stands on itself, and only pages stand on it", () => {
  assertImports("shared/page", isForPages);
  const users = sources.filter(
    ({ path, imports }) => !isForPages(path) && imports.some(({ target }) => isForPages(target)),
  );
  const strays = users.map(({ path }) => path).filter((path) => !/\/(?:page|try)\//.test(path));
  assert.deepEqual(strays, []);
});

for (const [what, pattern] of forbidden) {
  test(`shared code does not use ${what}`, () => {
    const users = inFolder("shared").filter(
      ({ path, text }) => !isForPages(path) && pattern.test(withoutStrings(withoutComments(text))),
    );
    assert.deepEqual(
      users.map(({ path }) => path),
      [],
    );
  });
}

/** Texts for people may name anything; import paths are what the first pattern looks at. */
function withoutStrings(text: string): string {
  return text
    .replaceAll(/`(?:[^`\\]|\\.)*`/g, "``")
    .replaceAll(/(?<!from )(?<!import\()"(?:[^"\\\n]|\\.)*"/g, '""');
}

test("no source has an enum, a namespace or any", () => {
  const pattern = /^\s*(?:export\s+)?(?:const\s+)?enum\s|^\s*namespace\s|:\s*any\b|\bas any\b/m;
  const users = sources.filter(
    ({ path, text }) => path !== "test/layers.test.ts" && pattern.test(withoutComments(text)),
  );
  assert.deepEqual(
    users.map(({ path }) => path),
    [],
  );
});

const maxLines = 300;

test(`no file outside test/ has more than ${maxLines} lines`, () => {
  const long = sources
    .filter(({ path }) => !path.startsWith("test/"))
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > maxLines);
  assert.deepEqual(long, []);
});

test("file names are lower case with dashes, and none says utils, helpers or manager", () => {
  const wrong = sources.filter(({ path }) => {
    const name = path.split("/").at(-1) ?? "";
    return !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.d)?\.ts$/.test(name) || /utils|helper|manager/.test(path);
  });
  assert.deepEqual(
    wrong.map(({ path }) => path),
    [],
  );
});

const topLevel = [
  ".ci .gitignore .oxfmtrc.json .oxlintrc.json knip.json package-lock.json package.json tsconfig.json",
  "CHANGELOG.md LICENSE README.md",
  "bench docs peer-browser peer-node shared signaling-server test",
]
  .join(" ")
  .split(" ");
/** Not ours to keep. */
const ignored = readFileSync(join(root, ".gitignore"), "utf8").split("\n").filter(Boolean);
const isMade = (entry: string) =>
  entry === ".git" ||
  ignored.some((rule) =>
    rule.startsWith("*") ? entry.endsWith(rule.slice(1)) : entry === rule.replace(/\/$/, ""),
  );

test("the top level holds what belongs there and nothing else", () => {
  const entries = readdirSync(root).filter((entry) => !isMade(entry));
  assert.deepEqual(entries.toSorted(), topLevel.toSorted());
});
