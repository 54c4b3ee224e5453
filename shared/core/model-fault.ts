/** Which model can learn from which data. By kind alone: the task's own type is made with this. */
const ofImages = ["mlp", "cnn", "resnet"];

const learners: Readonly<Record<string, readonly string[]>> = {
  glyphs: ofImages,
  cifar10: ofImages,
  mnist: ofImages,
  images: ofImages,
  csv: ["mlp"],
  atis: ["lstm"],
  text: ["transformer"],
};

interface Kinds {
  readonly model: { readonly kind: string };
  readonly data: { readonly kind: string };
}

/** What the model must be to learn from these data; undefined when it is that. */
export function modelFault({ model, data }: Kinds): string | undefined {
  const able = learners[data.kind] ?? [];
  return able.includes(model.kind) ? undefined : `must be ${able.join(" or ")} for ${data.kind} data`;
}
