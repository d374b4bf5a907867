/** The style sheet of the HTML report. Colours follow the reader's setting, and print. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1d2129; --dim: #5b6472; --back: #fff; --panel: #f5f6f8; --line: #d9dde3;
  --pass: #1a7f37; --fail: #c4252f; --warn: #8a5a00; --skipped: #5b6472; --point: #2563c9; --bound: #2563c955; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e7ec; --dim: #9aa4b2; --back: #15181d; --panel: #1e2229; --line: #363c46;
  --pass: #4cc36c; --fail: #ff7b80; --warn: #e3a93c; --skipped: #9aa4b2; --point: #7fb0ff; --bound: #7fb0ff55; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .25rem 0; }
code, .url { font-family: ui-monospace, monospace; font-size: .92em; }
.dim { color: var(--dim); }
.counts { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; }
.count { flex: 1 1 7rem; padding: .6rem .9rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--panel); }
.count b { display: block; font-size: 1.6rem; line-height: 1.2; }
.pass { color: var(--pass); } .fail { color: var(--fail); } .warn { color: var(--warn); } .skipped { color: var(--skipped); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .45rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; color: var(--dim); font-size: .85rem; }
td.verdict { width: 5rem; font-weight: 600; white-space: nowrap; }
td.rule { width: 15rem; } td.number, th.number { text-align: right; white-space: nowrap; width: 6rem; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem .9rem; margin: .4rem 0 0; padding: .6rem .8rem; border-radius: .4rem;
  background: var(--panel); }
dt { color: var(--dim); } dd { margin: 0; }
.plots { display: grid; grid-template-columns: 1fr; gap: 1rem; }
figure { margin: 0; padding: .8rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--panel); }
figcaption { margin-bottom: .4rem; }
svg { display: block; width: 100%; height: auto; }
.axis { fill: none; stroke: var(--dim); } .grid { stroke: var(--line); } .label { fill: var(--dim); font: 11px system-ui, sans-serif; }
.point { fill: var(--point); } .bound { stroke: var(--bound); stroke-width: 2; }
@media (max-width: 40rem) { td.rule { width: auto; } table, tbody, tr, td, th { display: block; } thead { display: none; }
  td { border: 0; padding: .15rem .25rem; } td.verdict, td.rule, td.number { width: auto; text-align: left; }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; } }
`
