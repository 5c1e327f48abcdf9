// Ekiden: a thank-you page that waits, at most ten seconds, for what SATORI answers. docs/forms.md
(async d => {
  const me = d.currentScript, home = me.dataset.relay || me.src.replace(/\/[^/]*$/, "")
  const page = new URL(location), q = page.searchParams, ticket = q.get("ekiden")
  const sleep = ms => new Promise(r => setTimeout(r, ms))
  const ask = async ms => {
    const body = new URLSearchParams({ticket})
    const r = await fetch(home + "/ticket", {method: "POST", body}).catch(() => 0)
    if (r.status == 200) return (await r.json()).query
    if (r.status != 404 && ms < 3e3) return sleep(ms).then(() => ask(ms * 1.4))
  }
  if (ticket) {
    const query = await Promise.race([ask(250).catch(() => 0), sleep(1e4)])
    q.delete("ekiden")
    for (const name in query) q.set(name, query[name])
    history.replaceState(null, "", page)
  }
  // The tags stand in a template, so that they do not run before the address is right.
  d.querySelectorAll("template[data-ekiden]").forEach(t => t.content.querySelectorAll("script").forEach(old => {
    const tag = d.createElement("script")
    for (const one of old.attributes) tag.setAttribute(one.name, one.value)
    tag.text = old.text
    tag.async = false
    d.head.append(tag)
  }))
})(document)
