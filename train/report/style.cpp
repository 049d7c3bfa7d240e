#include "train/report/style.h"

namespace molten::report {

const char* const kStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #fafaf8; --card: #ffffff; --paper: #ffffff; --text: #1d2126; --faint: #616a75; --line: #e1e3e6;
  --accent: #00598c; --mark: #e4f0f8;
  --series-0: #0072b2; --series-1: #d55e00; --series-2: #009e73; --series-3: #cc79a7; --series-4: #e69f00; --series-5: #56b4e9;
  --series-6: #7f7f7f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1c2024; --paper: #e9ebed; --text: #e4e7ea; --faint: #9aa3ad; --line: #32383e;
    --accent: #7cc0ee; --mark: #1d3648;
    --series-0: #58b0ea; --series-1: #f58a4b; --series-2: #36c79d; --series-3: #e5a5ca; --series-4: #f2bd45; --series-5: #a5d8f6;
    --series-6: #8f969d;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 24px 48px; max-width: 1120px; background: var(--page); color: var(--text);
    font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 28px; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 44px 0 12px; padding-bottom: 6px; border-bottom: 1px solid var(--line); font-size: 20px; }
h3 { margin: 22px 0 8px; font-size: 15px; overflow-wrap: anywhere; }
p { margin: 8px 0; }
.small, .over { color: var(--faint); font-size: 13px; }
.over { margin: 0 0 4px; letter-spacing: .04em; text-transform: uppercase; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 12px 0 20px; font-size: 14px; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: 8px 0; padding: 12px 14px; max-height: 480px; overflow: auto; background: var(--card); border: 1px solid var(--line);
    border-radius: 8px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--faint); font-weight: 500; }
.facts td { overflow-wrap: anywhere; }
.metrics { width: 100%; }
.metrics th, .metrics td { padding: 6px 10px; white-space: nowrap; }
.metrics .wrap { min-width: 160px; white-space: normal; overflow-wrap: anywhere; color: var(--faint); font-size: 13px; }
.number { text-align: right !important; }
.best { font-weight: 700; color: var(--accent); background: var(--mark); }
.own td:first-child { font-weight: 600; }
.kind { color: var(--faint); font-size: 13px; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 16px 0; }
.tile { flex: 1 1 180px; max-width: 340px; padding: 12px 16px; background: var(--card); border: 1px solid var(--line);
    border-radius: 10px; }
.tile b { display: block; font-size: 24px; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile span { color: var(--faint); font-size: 13px; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 14px; margin: 12px 0; }
.plot { margin: 0; padding: 14px 12px 10px; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
    text-align: center; }
.plot svg { display: block; margin: 0 auto; max-width: 100%; height: auto; }
details { margin: 10px 0; }
summary { padding: 8px 0; cursor: pointer; overflow-wrap: anywhere; }
summary b { font-size: 16px; margin-right: 8px; }
.worst { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 14px; }
.molecule { margin: 0; overflow: hidden; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
    break-inside: avoid; }
.molecule img, .molecule .none { display: block; width: 100%; height: 190px; padding: 8px; background: var(--paper); color: #616a75;
    object-fit: contain; }
.molecule figcaption { padding: 10px 14px 12px; font-size: 13px; border-top: 1px solid var(--line); }
.molecule dl { display: grid; grid-template-columns: auto 1fr; gap: 0 14px; margin: 4px 0 0; font-variant-numeric: tabular-nums; }
.molecule dt { color: var(--faint); }
.molecule dd { margin: 0; }
.molecule code { display: block; margin-top: 6px; max-height: 58px; overflow: hidden; color: var(--faint); font-size: 11px;
    overflow-wrap: anywhere; }
.outside { color: var(--series-1); }
footer { margin-top: 48px; color: var(--faint); font-size: 13px; }
@media print {
  body { max-width: none; padding: 0; background: #ffffff; font-size: 12px; }
  nav { display: none; }
  pre { max-height: none; white-space: pre-wrap; overflow-wrap: anywhere; }
  details::details-content { display: block; content-visibility: visible; }
  .plots { grid-template-columns: 1fr 1fr; }
  .plot, .tile, tr { break-inside: avoid; }
  h2, h3, summary { break-after: avoid; }
}
)css";

}  // namespace molten::report
