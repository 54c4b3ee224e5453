/** The smallest versions of figures 4 and 5 on pictures, beside the other figures' on another processor. */
import { testGradients, testModels } from "./averaging-claims.ts";
import { createMaker } from "./smallest-version.ts";

const make = createMaker();

testModels(make, "fig4a", "a ResNet-8 on CIFAR-10");
testGradients(make, "fig5a", "a ResNet-8 on CIFAR-10");
testModels(make, "fig4b", "a ResNet-14 on CIFAR-10");
testGradients(make, "fig5b", "a ResNet-14 on CIFAR-10");
