// <hb-overview>: how far the reader is with all exercises, and the button that forgets it; <hb-done> is one of them.
// Both have data-questions: {exercise: {question: points}} as JSON.
import { button, element } from "./page.js";
import { CHANGED, UNKEPT, standing } from "./store.js";

export function overview(host, store) {
  const sentence = element("p", { role: "status" });
  const bar = element("progress", { "aria-label": "Points so far" });
  const forget = button("Forget all my answers", () => {
    if (confirm("Forget all your answers to all exercises? This cannot be undone.")) store.forgetAll();
  });
  const small = element("p", { className: "hb-small" }, [
    "Your answers are kept in this browser and nowhere else. Nothing leaves it. Another browser does not know them; ",
    "“Download my notebook” below an exercise takes them there.",
  ]);
  host.append(
    element("div", { className: "hb-answer", role: "group", "aria-label": "Your progress" }, [
      sentence,
      bar,
      small,
      forget,
    ]),
  );
  watch(() => {
    const { questions, answered, right, points, possible } = total(host, store);
    bar.max = possible;
    bar.value = points;
    const so = `${answered} of ${questions} questions answered, ${right} of them right`;
    sentence.textContent = `${so}: ${points} of ${possible} points so far.`;
    if (!store.keeps) sentence.textContent += ` ${UNKEPT}`;
  });
}

export function done(host, store) {
  watch(() => {
    const { questions, answered, right } = total(host, store);
    const sign = right === questions ? "✓" : "●";
    host.textContent = answered ? `${sign} ${answered} of ${questions} answered, ${right} right` : "";
  });
}

function watch(refresh) {
  document.addEventListener(CHANGED, refresh);
  window.addEventListener("storage", refresh); // from another tab
  refresh();
}

function total(host, store) {
  const sum = { questions: 0, answered: 0, right: 0, points: 0, possible: 0 };
  for (const [exercise, questions] of Object.entries(JSON.parse(host.dataset.questions))) {
    for (const [question, possible] of Object.entries(questions)) {
      const { answered, right, points } = standing(store.get(exercise, question), undefined, possible);
      sum.questions += 1;
      sum.answered += answered;
      sum.right += right;
      sum.points += points;
      sum.possible += possible;
    }
  }
  return sum;
}
