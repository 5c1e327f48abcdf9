// Ekiden: a form that shows its faults in place and stays on its page until it is sent. docs/forms.md
(d => {
  const each = (at, css, f) => at.querySelectorAll(css).forEach(f)
  const make = name => d.createElement(name)
  const set = (at, name, to) => at.setAttribute(name, to)

  const put = (form, name, to) => {
    let i = form.elements[name]
    if (!i) form.append(i = make("input")), i.type = "hidden", i.name = name
    i.value = to
  }
  const tell = (form, faults) => {
    let first
    faults.forEach((one, n) => {
      let at = form.elements[one.name] || form.elements[one.name + "[]"]
      if (at && !at.form) at = at[0]
      const p = make("p"), words = /^(ja|$)/i.test(d.documentElement.lang) ? one.ja : one.en
      p.className = "ekiden-error"
      p.id = "ekiden-" + n
      set(p, "role", "alert")
      p.textContent = at ? words : one.label + ": " + words
      if (!at) return form.append(p)
      set(at, "aria-invalid", true)
      set(at, "aria-describedby", p.id)
      ;(/radio|checkbox/.test(at.type) && at.closest("fieldset,label") || at).after(p)
      first ||= at
    })
    first?.focus()
  }
  each(d, "form[data-ekiden]", form => {
    const to = form.getAttribute("action")
    let busy, plain
    const lock = on => {
      busy = on
      each(form, "[type=submit],button:not([type])", b => b.disabled = on)
    }
    if (!/^utf-8$/i.test(form.acceptCharset || d.characterSet) || form.querySelector("[type=file]")) return
    put(form, "_nonce", crypto.getRandomValues(new Uint32Array(4)).join("-"))
    if (form.elements._token) form.addEventListener("focusin", () =>
      fetch(to.replace("/in/", "/token/")).then(r => r.json())
        .then(t => put(form, "_token", t.token), () => 0), {once: true})
    addEventListener("pageshow", e => e.persisted && lock(plain = false))
    form.addEventListener("submit", async e => {
      if (plain || e.defaultPrevented) return
      e.preventDefault()
      if (busy) return
      const b = e.submitter, body = new URLSearchParams()
      new FormData(form).forEach((v, k) => body.append(k, v.replace(/\r?\n/g, "\r\n")))
      if (b?.name) body.append(b.name, b.value)
      each(form, ".ekiden-error", p => p.remove())
      each(form, "[aria-invalid]", i => i.removeAttribute("aria-invalid"))
      lock(true)
      const told = await fetch(to, {method: "POST", body, headers: {Accept: "application/json"}})
        .then(r => r.json()).catch(() => 0)
      if (told.redirect) return location = told.redirect
      lock(false)
      if (told.errors) return tell(form, told.errors)
      plain = true
      b ? b.click() : form.submit()
    })
  })
})(document)
