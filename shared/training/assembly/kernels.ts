// What the module exports. It works on tfjs's own heap: every pointer is one of a tensor's, or of scratch
// that the caller took from there. No data and no memory of its own: see signaling-server/kernel-build.ts.
export { attention, attentionGradient } from "./attention";
export { batchNorm, batchNormGradient } from "./batch-norm";
export { convolutionScratch, convolve, convolveBack } from "./convolution";
export { convolveFilter } from "./convolution-filter";
export { addRelu, gelu, geluGradient, reluGradient } from "./elementwise";
export { gemm, gemmScratch } from "./gemm";
export { halvingShortcut, halvingShortcutGradient } from "./images";
export { lstm, lstmGradient, lstmScratch } from "./lstm";
export { maxPoolGradient } from "./max-pool";
export { addBias, crossEntropy, layerNorm, layerNormGradient, segmentSum, sumRows, takeRows } from "./rows";
export { winograd, winogradScratch } from "./winograd";
export { winogradFilter, winogradFilterScratch } from "./winograd-filter";
