/** The argument structs of the depthwise kernels, field by field as in src/nn/engines/wasm/kernels/depthwise.ts. */

@unmanaged
export class PackDepthwiseArgs {
  w: usize;
  packed: usize;
  c: u32;
  kh: u32;
  kw: u32;
}

@unmanaged
export class DepthwiseForwardArgs {
  x: usize;
  xScale: usize;
  xShift: usize;
  xGate: usize;
  xAct: i32;
  w: usize;
  bias: usize;
  y: usize;
  moments: usize;
  n: i32;
  h: i32;
  wd: i32;
  c: i32;
  oh: i32;
  ow: i32;
  kh: i32;
  kw: i32;
  sh: i32;
  sw: i32;
  ph: i32;
  pw: i32;
  dh: i32;
  dw: i32;
}

@unmanaged
export class DepthwiseBackwardArgs {
  g: usize;
  y: usize;
  scale: usize;
  shift: usize;
  act: i32;
  gate: usize;
  spread: usize;
  coefA: usize;
  coefB: usize;
  coefC: usize;
  x: usize;
  xScale: usize;
  xShift: usize;
  xGate: usize;
  xAct: i32;
  xMoments: usize;
  w: usize;
  dx: usize;
  accumulate: u32;
  dW: usize;
  dBias: usize;
  xSums: usize;
  n: i32;
  h: i32;
  wd: i32;
  c: i32;
  oh: i32;
  ow: i32;
  kh: i32;
  kw: i32;
  sh: i32;
  sw: i32;
  ph: i32;
  pw: i32;
  dh: i32;
  dw: i32;
}
