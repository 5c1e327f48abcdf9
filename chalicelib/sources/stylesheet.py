"""
The look of the visitor's page: calm, legible on a phone, light and dark, WCAG AA in both.
"""

from __future__ import annotations

CSS = """
:root{color-scheme:light dark;--ground:#f3f5f7;--card:#fff;--ink:#1b2430;--soft:#556170;--line:#c9d0d8;--edge:#7b8794;
--bad:#b3261e;--bad-ground:#fdf0ef;--act:#1d4f91;--act-ink:#fff;--act-over:#163d70;--rule:#1d4f91}
@media(prefers-color-scheme:dark){:root{--ground:#12161b;--card:#1b2128;--ink:#e9edf2;--soft:#aab5c1;--line:#39434e;
--edge:#8592a0;--bad:#ffb0a8;--bad-ground:#3a201f;--act:#9cc2ff;--act-ink:#0c1a2e;--act-over:#bdd6ff;--rule:#9cc2ff}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.75 system-ui,-apple-system,"Hiragino Sans",
"Hiragino Kaku Gothic ProN","Noto Sans JP","Noto Sans CJK JP","Yu Gothic UI","Yu Gothic",Meiryo,sans-serif;
overflow-wrap:anywhere;line-break:strict}
main{max-width:42rem;margin:0 auto;padding:clamp(1rem,4vw,3rem) clamp(.75rem,4vw,1.5rem)}
.card{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--rule);border-radius:8px;
padding:clamp(1.25rem,5vw,2.5rem)}
.site{margin:0 0 .25rem;color:var(--soft);font-size:.9375rem}
h1{margin:0;font-size:clamp(1.375rem,1.15rem + 1.1vw,1.75rem);line-height:1.4;text-wrap:balance;word-break:auto-phrase}
.en{color:var(--soft);font-size:.875rem;line-height:1.55}
h1+.en{margin:.125rem 0 0;font-size:1rem}
.advice{margin:1.25rem 0 0}
.advice+.advice{margin:.5rem 0 0}
.advice+.en{margin:.5rem 0 0}
.en+.en{margin:.125rem 0 0}
.back{margin:1.5rem 0 0}
a{color:var(--act);text-underline-offset:.2em}
.faults{margin:1.5rem 0 0;padding:1rem 1.125rem;background:var(--bad-ground);border-left:4px solid var(--bad);
border-radius:4px}
.faults h2{margin:0;font-size:1rem;line-height:1.5;color:var(--bad)}
.faults h2 .en{color:inherit;font-weight:400}
.faults ul{margin:.5rem 0 0;padding:0;list-style:none}
.faults li{padding:.5rem 0;line-height:1.6}
.faults li+li{border-top:1px solid var(--line)}
.faults a{color:inherit;font-weight:600;width:fit-content}
form{margin:1.75rem 0 0}
.field{padding:1.25rem 0;border-top:1px solid var(--line)}
details{padding:1.125rem 0;border-top:1px solid var(--line)}
summary{cursor:pointer;color:var(--soft);font-size:.9375rem}
details .field:first-of-type{border-top:0}
.name{display:block;font-weight:600;line-height:1.75}
.name .en{font-weight:400}
.must{display:inline-block;margin:0 .25rem;padding:0 .5rem;border:1px solid currentColor;border-radius:3px;
color:var(--bad);font-size:.75rem;font-weight:600;line-height:1.5rem;vertical-align:.0625rem;white-space:nowrap}
.must span{font-weight:400}
.fault{margin:.125rem 0 0;color:var(--bad);font-size:.9375rem;line-height:1.6}
.faults li a,.faults li .en,.faults h2 .en,.fault .en,.back .en{display:block}
.fault .en{color:inherit}
input,textarea,select,button{font:inherit;color:inherit}
.box{display:block;width:100%;margin:.5rem 0 0;padding:.625rem .75rem;min-height:3rem;background:var(--card);
border:1px solid var(--edge);border-radius:6px}
:is(.box,.option input){scroll-margin-top:10rem}
textarea.box{min-height:9rem;resize:vertical}
[aria-invalid=true].box{border:2px solid var(--bad)}
.option:first-child{padding-top:0}
.option{display:flex;gap:.625rem;align-items:flex-start;padding:.5rem 0 0;min-height:2.75rem}
.option .name{line-height:1.85}
.option input{flex:none;width:1.375rem;height:1.375rem;margin:.25rem 0 0;accent-color:var(--act)}
:is(.box,.option input,button,a,summary):focus-visible{outline:3px solid var(--act);outline-offset:2px}
.send{padding:1.5rem 0 0;border-top:1px solid var(--line)}
button{width:100%;min-height:3.25rem;padding:.625rem 1.5rem;background:var(--act);color:var(--act-ink);border:0;
border-radius:6px;font-weight:600;cursor:pointer}
button:hover{background:var(--act-over)}
button .en{margin-left:.5rem;color:inherit;font-weight:400}
@media(min-width:34rem){button{width:auto;min-width:16rem}}
@media(forced-colors:active){.card,.box,button{border:1px solid}}
@media print{body{background:none}.card{border:0}}
""".replace("\n", "")
