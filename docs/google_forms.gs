/**
 * Sends every answer of a Google Form to Ekiden, signed. Google フォームの回答を、署名を付けて Ekiden に送ります。
 *
 * 1. Open the form, menu ⋮ > Apps Script, and put this text in the place of what is there.
 *    フォームを開き、メニュー ⋮ >「Apps Script」で、表示された内容をこのファイルの内容に置き換えます。
 * 2. Project settings > Script properties: EKIDEN_URL (…/in/SOURCE) and EKIDEN_SECRET (the source's secret).
 *   「プロジェクトの設定」>「スクリプト プロパティ」に EKIDEN_URL と EKIDEN_SECRET を登録します。
 * 3. Run `install` once and allow it; then run `sendTest`. A test is acknowledged and goes nowhere.
 *    install を一度実行して許可し、続けて sendTest を実行します。テストは受け付けられるだけで、どこにも送られません。
 *
 * Google runs the trigger once and never again, so this script tries four times by itself. What is lost even then is in
 * the executions list (実行数) as an error, and still in the form's answers.
 */

var TRIES = 4;

function install() {
  ScriptApp.getProjectTriggers().forEach(function (trigger) {
    if (trigger.getHandlerFunction() === "onAnswer") ScriptApp.deleteTrigger(trigger);
  });
  ScriptApp.newTrigger("onAnswer").forForm(FormApp.getActiveForm()).onFormSubmit().create();
}

function onAnswer(e) {
  var response = e.response;
  var at = response.getTimestamp();
  send({
    // Somebody who edits an answer keeps its id; with the time it is a new event.
    id: response.getId() + ":" + at.getTime(),
    form: e.source ? e.source.getTitle() : "",
    timestamp: at.toISOString(),
    // "" unless the form collects addresses. フォームの設定でメールアドレスを収集しない場合は空です。
    email: response.getRespondentEmail() || "",
    test: false,
    answers: response.getItemResponses().map(function (item) {
      return { key: item.getItem().getTitle(), value: item.getResponse() };
    }),
  });
}

function sendTest() {
  var now = new Date();
  send({ id: "test:" + now.getTime(), form: "", timestamp: now.toISOString(), email: "", test: true, answers: [] });
}

function send(message) {
  var properties = PropertiesService.getScriptProperties();
  var body = JSON.stringify(message);
  var last = "";
  for (var tried = 0; tried < TRIES; tried++) {
    if (tried > 0) Utilities.sleep(1000 * Math.pow(2, tried));
    try {
      var answer = UrlFetchApp.fetch(properties.getProperty("EKIDEN_URL"), signed(body, properties));
      if (answer.getResponseCode() < 300) return;
      last = "HTTP " + answer.getResponseCode();
    } catch (error) {
      last = String(error);
    }
  }
  throw new Error("Ekiden did not take the answer: " + last);
}

function signed(body, properties) {
  var stamp = String(Math.floor(Date.now() / 1000));
  // Without the charset, text that is not ASCII would be signed wrongly.
  var bytes = Utilities.computeHmacSha256Signature(
    stamp + "." + body,
    properties.getProperty("EKIDEN_SECRET"),
    Utilities.Charset.UTF_8
  );
  return {
    method: "post",
    contentType: "application/json",
    payload: body,
    headers: { "X-Relay-Timestamp": stamp, "X-Relay-Signature": "v1=" + Utilities.base64Encode(bytes) },
    followRedirects: false,
    muteHttpExceptions: true,
  };
}
