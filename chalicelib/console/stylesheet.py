"""
The look of the console: that of the visitor's page, for tables and figures; light and dark, WCAG AA in both.
"""

from __future__ import annotations

CSS = """
:root{color-scheme:light dark;--ground:#f3f5f7;--card:#fff;--ink:#1b2430;--soft:#556170;--line:#c9d0d8;--edge:#7b8794;
--bad:#b3261e;--bad-ground:#fdf0ef;--warn:#7a4b00;--warn-ground:#fff6e0;--good:#1c6b3a;--good-ground:#e9f6ee;
--busy:#1d4f91;--busy-ground:#e9f1fc;--calm:#556170;--calm-ground:#eef1f4;--act:#1d4f91;--act-ink:#fff;
--act-over:#163d70;--used:#1d4f91;--kept:#d9a441;--room:#dfe5eb;--second:#0f7f76}
@media(prefers-color-scheme:dark){:root{--ground:#12161b;--card:#1b2128;--ink:#e9edf2;--soft:#aab5c1;--line:#39434e;
--edge:#8592a0;--bad:#ffb0a8;--bad-ground:#3a201f;--warn:#ffd184;--warn-ground:#362a12;--good:#93dcae;
--good-ground:#16301f;--busy:#9cc2ff;--busy-ground:#182a44;--calm:#aab5c1;--calm-ground:#262e37;--act:#9cc2ff;
--act-ink:#0c1a2e;--act-over:#bdd6ff;--used:#7fb0f5;--kept:#c18f2f;--room:#323c47;--second:#5fc9bf}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.65 system-ui,-apple-system,"Hiragino Sans",
"Hiragino Kaku Gothic ProN","Noto Sans JP","Noto Sans CJK JP","Yu Gothic UI","Yu Gothic",Meiryo,sans-serif;
overflow-wrap:anywhere;line-break:strict;font-variant-numeric:tabular-nums}
a{color:var(--act);text-underline-offset:.2em}
.skip{position:absolute;left:-99rem;padding:.5rem 1rem;background:var(--card)}
.skip:focus{left:.5rem;top:.5rem;z-index:2}
header{background:var(--card);border-bottom:1px solid var(--line);border-top:4px solid var(--act)}
.bar{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center;justify-content:space-between;max-width:76rem;
margin:0 auto;padding:.625rem 1rem}
.brand{font-weight:700;text-decoration:none;color:var(--ink);min-height:1.75rem}
.brand span{margin-left:.625rem;font-weight:400;color:var(--soft)}
.tools{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center}
.tools form{margin:0}
.who{color:var(--soft)}
nav ul{display:flex;gap:0;max-width:76rem;margin:0 auto;padding:0 .5rem;list-style:none;overflow-x:auto}
nav a{display:block;padding:.625rem .75rem;color:var(--soft);text-decoration:none;white-space:nowrap;
border-bottom:3px solid transparent}
nav a:hover{color:var(--ink)}
nav a[aria-current]{color:var(--ink);font-weight:600;border-color:var(--act)}
main{max-width:76rem;margin:0 auto;padding:1.25rem 1rem 1rem}
main:focus{outline:none}
main.narrow{max-width:30rem}
h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.4}
h2{margin:2rem 0 .75rem;font-size:1.125rem;line-height:1.5}
h3{margin:0;font-size:1rem}
p{margin:.5rem 0}
.top{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;justify-content:space-between;margin:0 0 1rem}
.top h1{margin:0}
.top p{margin:0;color:var(--soft);font-size:.9375rem}
.age{font-weight:600}
main{padding-bottom:3rem}
.soft{color:var(--soft)}
.small{font-size:.875rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1rem 1.125rem}
.lanes{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));padding:0;margin:0;
list-style:none}
.lanes>li{display:flex;flex-direction:column;gap:.75rem}
.head{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline;justify-content:space-between}
.card h2{margin:0 0 .5rem}
.card h3{margin:.875rem 0 .25rem}
.head+.facts{margin-top:.5rem}
.scroll+.scroll{margin-top:1rem}
form.card+.scroll{margin-top:1rem}
@media(min-width:44.01rem){.grid code{white-space:nowrap}.grid{overflow-wrap:break-word}}
.head h2{margin:0}
.head p{margin:0;color:var(--soft);font-size:.875rem;width:100%}
.badge{display:inline-block;padding:0 .5rem;border-radius:3px;font-size:.8125rem;font-weight:600;line-height:1.5rem;
white-space:nowrap;color:var(--calm);background:var(--calm-ground)}
.badge.bad{color:var(--bad);background:var(--bad-ground)}
.badge.warn{color:var(--warn);background:var(--warn-ground)}
.badge.good{color:var(--good);background:var(--good-ground)}
.badge.busy{color:var(--busy);background:var(--busy-ground)}
.note{margin:.75rem 0;padding:.75rem 1rem;border-left:4px solid var(--edge);border-radius:4px;
background:var(--calm-ground)}
.note.bad{border-color:var(--bad);background:var(--bad-ground);color:var(--bad)}
.note.warn{border-color:var(--warn);background:var(--warn-ground);color:var(--warn)}
.note.good{border-color:var(--good);background:var(--good-ground);color:var(--good)}
.card .note{margin:0;font-size:.9375rem}
.quota{display:block;width:100%;height:1.125rem;border-radius:4px}
.quota+p{margin:.25rem 0 0;font-size:.875rem;color:var(--soft)}
.quota .room{fill:var(--room)}.quota .used{fill:var(--used)}.quota .kept{fill:var(--kept)}
.quota .now{stroke:var(--ink);stroke-width:2}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(6.75rem,1fr));gap:.5rem 1rem;margin:0}
.facts dt{color:var(--soft);font-size:.8125rem}
.facts dd{margin:0;font-weight:600}
.facts.rows{display:block}
.facts.rows>div{display:grid;grid-template-columns:minmax(7rem,12rem) 1fr;gap:.25rem 1rem;padding:.375rem 0;
border-top:1px solid var(--line)}
.facts.rows dd{font-weight:400;white-space:pre-wrap}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:8px}
.grid{width:100%;border-collapse:collapse;font-size:.9375rem;line-height:1.5}
.grid caption{text-align:left;padding:.625rem .875rem;color:var(--soft);font-size:.875rem}
.grid th{text-align:left;font-weight:600;color:var(--soft);font-size:.8125rem;white-space:nowrap}
.grid :is(th,td){padding:.5rem .875rem;border-top:1px solid var(--line);vertical-align:top}
.grid .number{text-align:right}
.grid code,code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
@media(max-width:44rem){
.grid thead{position:absolute;left:-99rem}
.grid,.grid :is(tbody,tr,td,caption){display:block}
.grid tr{padding:.5rem 0;border-top:1px solid var(--line)}
.grid td{display:grid;grid-template-columns:4.5rem minmax(0,1fr);gap:.5rem;padding:.1875rem .875rem;border:0}
.grid td::before{content:attr(data-of);color:var(--soft);font-size:.8125rem}
.grid td:not([data-of]){grid-template-columns:1fr}
.grid td:not([data-of])::before{content:none}
.facts.rows>div{grid-template-columns:1fr;gap:0}
.figures{max-height:24rem;overflow-y:auto}
}
form{margin:0}
.line{display:flex;flex-wrap:wrap;gap:.625rem;align-items:end;margin:.75rem 0}
.line>.grow{flex:1 1 12rem}
label.name,legend{display:block;color:var(--soft);font-size:.875rem}
fieldset{margin:0;padding:0;border:0}
input,select,button,textarea{font:inherit;color:inherit}
.box{display:block;width:100%;min-height:2.75rem;padding:.5rem .625rem;background:var(--card);
border:1px solid var(--edge);border-radius:6px}
input[type=date].box{height:2.75rem;padding-block:0}
.tick{display:inline-flex;gap:.625rem;align-items:center;min-height:2.75rem}
.tick input{width:1.25rem;height:1.25rem;accent-color:var(--act)}
button,.button{display:inline-block;min-height:2.75rem;padding:.5rem 1.125rem;border:1px solid transparent;
border-radius:6px;background:var(--act);color:var(--act-ink);font-weight:600;line-height:1.5;cursor:pointer;
text-decoration:none}
button:hover,.button:hover{background:var(--act-over)}
button.quiet,.button.quiet{background:var(--card);color:var(--act);border-color:var(--edge)}
button.quiet:hover,.button.quiet:hover{background:var(--calm-ground)}
button.danger{background:var(--card);color:var(--bad);border-color:var(--bad)}
button.danger:hover{background:var(--bad-ground)}
button.plain{min-height:0;padding:0;background:none;color:var(--act);font-weight:400;text-decoration:underline;
text-underline-offset:.2em}
:is(.box,.tick input,button,a,summary,.scroll):focus-visible{outline:3px solid var(--act);outline-offset:2px}
details{margin:0}
summary{cursor:pointer;color:var(--act);min-height:1.75rem}
.actions{display:flex;flex-wrap:wrap;gap:.625rem;margin:1rem 0}
.signin .box{margin:.125rem 0 1rem}
.signin button{width:100%}
.chart{display:block;width:100%;height:auto;margin:.25rem 0}
.chart text{fill:var(--soft);font-size:11px}
.chart .axis{stroke:var(--line)}
.chart .first{fill:var(--used)}.chart .second{fill:var(--second)}.chart .long{fill:var(--kept)}
.charts{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr))}
.filter{margin:1rem 0 0}
@media(pointer:fine){.grid .tick{min-height:0}}
.ask{padding:.375rem 1.125rem}
.ask .box{min-width:8rem}
.history{margin:.5rem 0 0;padding:0;list-style:none;font-size:.9375rem}
.history li{display:grid;grid-template-columns:11rem 1fr;gap:.25rem 1rem;padding:.25rem 0;
border-top:1px solid var(--line)}
.history .reason{margin:0;white-space:pre-wrap}
@media(max-width:44rem){nav ul{flex-wrap:wrap}nav a{padding:.375rem .75rem}.history li{grid-template-columns:1fr;gap:0}}
.reason{margin:.5rem 0;white-space:pre-wrap}
.story>.card{margin:0 0 1rem}
@media(forced-colors:active){.card,.box,button,.badge{border:1px solid}.quota .used{fill:Highlight}}
@media print{body{background:none;font-size:10pt}nav,.tools,.skip,.actions,.line,button,summary,.top a{display:none}
header{border:0}.card,.scroll{border-color:#999;break-inside:avoid}main{padding:0;max-width:none}
.quota,.chart,.badge{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
""".replace("\n", "")
