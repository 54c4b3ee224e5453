/** The smallest versions of figures 4 and 5 on pictures, beside the other figures' on another processor. */
import { testGradients, testModels } from "./averaging-claims.ts";
import { createMaker } from "./smallest-version.ts";

const make = createMaker();

testModels(make, "fig4a", "ResNet-20 on CIFAR-10");
testGradients(make, "fig5a", "ResNet-20 on CIFAR-10");
testModels(make, "fig4b", "ResNet-110 on CIFAR-10");
testGradients(make, "fig5b", "ResNet-110 on CIFAR-10");
