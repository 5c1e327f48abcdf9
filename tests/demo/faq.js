// Answers beside the form: asks the relay's lookup, and shows what it finds as text, never as markup.
(d => {
  const faq = d.getElementById("faq")
  const status = faq.querySelector("[role=status]")
  faq.addEventListener("submit", async event => {
    event.preventDefault()
    const answer = await fetch(faq.action + "?" + new URLSearchParams(new FormData(faq))).catch(() => null)
    if (!answer || !answer.ok) {
      status.textContent = "いまは検索できません。フォームからお問い合わせください。"
      return
    }
    const {items} = await answer.json()
    status.replaceChildren(...items.map(item => {
      const found = d.createElement("details")
      const title = d.createElement("summary")
      title.textContent = item.title || item.question
      found.append(title, item.answer)
      return found
    }))
    if (!items.length) status.textContent = "見つかりませんでした。"
  })
})(document)
