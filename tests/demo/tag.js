// In place of SATORI's tag: it reads c from the page's address and calls the sandbox's binding page with it.
(d => {
  const {satori, browser, bound} = d.currentScript.dataset
  const c = new URL(location).searchParams.get("c")
  if (!c) return
  const frame = d.createElement("iframe")
  frame.hidden = true
  frame.title = "SATORI"
  frame.src = satori + "/bind?" + new URLSearchParams({c, browser})
  d.getElementById("c").textContent = c
  d.getElementById("told").textContent = bound
  d.getElementById("told").after(frame)
})(document)
