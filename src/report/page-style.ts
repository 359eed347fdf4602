/** The look of a report: one column, quiet, light or dark as the reader's machine is set. No script, nothing fetched. */

export const pageStyle = `
:root { color-scheme: light dark; --ink: #1b2430; --quiet: #566273; --rule: #d6dce4; --paper: #ffffff; --shade: #f4f6f9; --on: #1257b5; --bad: #a63a12; --good: #1c6b3c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8ef; --quiet: #9aa6b5; --rule: #333d4a; --paper: #12171e; --shade: #1a212b; --on: #7fb0f5; --bad: #f0a07e; --good: #86d3a4; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 5rem; max-width: 72rem; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 3rem 0 .6rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1.05rem; margin: 2.2rem 0 .4rem; }
p { margin: .5rem 0; max-width: 46rem; }
.quiet { color: var(--quiet); }
.good { color: var(--good); } .bad { color: var(--bad); }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .32rem .9rem .32rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
th { font-weight: 600; color: var(--quiet); white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.word { white-space: nowrap; }
td.wide { min-width: 20rem; max-width: 36rem; overflow-wrap: anywhere; }
a { color: var(--on); }
img { display: block; width: 100%; height: auto; margin: .6rem 0 0; border: 1px solid var(--rule); background: #fff; }
details > summary { cursor: pointer; color: var(--on); margin: .6rem 0; }
ul { padding-left: 1.2rem; }
@media print { body { max-width: none; padding: 0; } h3 { break-after: avoid; } img { break-inside: avoid; } }
`;
