/**
 * A long short-term memory over whole sequences (Hochreiter & Schmidhuber 1997; with the forget gate of
 * Gers et al. 2000), from zero state. For time step t, gates z = gates[t] + h·recurrent in the order
 * i, f, g, o: c ← σ(f)·c + σ(i)·tanh(g), h ← σ(o)·tanh(c).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { at, gradients, release, run, runHidden } from "./operation.ts";
import type { Operation } from "./operation.ts";

/**
 * @param gates what the inputs add to the gates, x·Wx + b: [time, n, 4·hidden]
 * @param recurrent [hidden, 4·hidden]
 * @returns h after every time step: [time, n, hidden]
 */
export function lstm(gates: Tensor3D, recurrent: Tensor2D): Tensor3D {
  return runHidden(lstmOperation, { gates, recurrent }, {});
}

/** To h, the gates' values after σ or tanh, and c, each for every time step. */
export const lstmOperation: Operation<"gates" | "recurrent", object> = {
  name: "ShoalLstm",
  compose({ gates, recurrent }) {
    const hidden = recurrent.shape[0] ?? 0;
    const n = gates.shape[1] ?? 0;
    let [h, c]: [Tensor, Tensor] = [tf.zeros([n, hidden]), tf.zeros([n, hidden])];
    const [hs, activities, cs]: [Tensor[], Tensor[], Tensor[]] = [[], [], []];
    for (const z of tf.unstack(gates)) {
      const [i, f, g, o] = four(tf.add(z, tf.matMul(h, recurrent)));
      const opened = [tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)] as const;
      c = tf.add(tf.mul(opened[1], c), tf.mul(opened[0], opened[2]));
      h = tf.mul(opened[3], tf.tanh(c));
      hs.push(h);
      activities.push(tf.concat([...opened], 1));
      cs.push(c);
    }
    return [tf.stack(hs), tf.stack(activities), tf.stack(cs)];
  },
  gradient: {
    saveInputs: ["recurrent"],
    saveOutputs: [true, true, true],
    of(dy, saved) {
      const [recurrent, h, activities, c] = [at(saved, 0), at(saved, 1), at(saved, 2), at(saved, 3)];
      const results = run(lstmGradient, { dy, recurrent, h, activities, c }, {});
      release(dy, h, activities, c);
      return gradients(["gates", "recurrent"], results);
    },
  },
};

export const lstmGradient: Operation<"dy" | "recurrent" | "h" | "activities" | "c", object> = {
  name: "ShoalLstmGradient",
  compose({ dy, recurrent, h, activities, c }) {
    const [time = 0, n = 0, hidden = 0] = h.shape;
    const none = tf.zeros([n, hidden]);
    const [dys, all, cs] = [tf.unstack(dy), tf.unstack(activities), tf.unstack(c)];
    let [dh, dc]: [Tensor, Tensor] = [none, none];
    const gateGradients: Tensor[] = [];
    for (let t = time - 1; t >= 0; t--) {
      const [i, f, g, o] = four(at(all, t));
      const tanh = tf.tanh(at(cs, t));
      const toH = tf.add(at(dys, t), dh);
      const toC = tf.add(dc, tf.mul(tf.mul(toH, o), slopeOfTanh(tanh)));
      const before = t > 0 ? at(cs, t - 1) : none;
      const dz = tf.concat(
        [
          tf.mul(tf.mul(toC, g), slopeOfSigmoid(i)),
          tf.mul(tf.mul(toC, before), slopeOfSigmoid(f)),
          tf.mul(tf.mul(toC, i), slopeOfTanh(g)),
          tf.mul(tf.mul(toH, tanh), slopeOfSigmoid(o)),
        ],
        1,
      );
      gateGradients.unshift(dz);
      dc = tf.mul(toC, f);
      dh = tf.matMul(dz, recurrent, false, true);
    }
    const dz = tf.stack(gateGradients);
    const earlier = tf.slice(h, [0, 0, 0], [time - 1, n, hidden]);
    const later = tf.slice(dz, [1, 0, 0], [time - 1, n, 4 * hidden]);
    const rows = (tensor: Tensor, width: number) => tf.reshape(tensor, [(time - 1) * n, width]);
    const dRecurrent =
      time > 1
        ? tf.matMul(rows(earlier, hidden), rows(later, 4 * hidden), true, false)
        : tf.zerosLike(recurrent);
    return [dz, dRecurrent];
  },
};

const slopeOfSigmoid = (y: Tensor) => tf.mul(y, tf.sub(1, y));
const slopeOfTanh = (y: Tensor) => tf.sub(1, tf.square(y));

function four(gates: Tensor): [Tensor, Tensor, Tensor, Tensor] {
  const parts = tf.split(gates, 4, 1);
  return [at(parts, 0), at(parts, 1), at(parts, 2), at(parts, 3)];
}
