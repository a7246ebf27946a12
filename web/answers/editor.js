// The editor, a file of its own: it is fetched when the reader first goes into an answer.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorView, keymap } from "@codemirror/view";
import { highlightCode, tagHighlighter, tags } from "@lezer/highlight";

// The classes of Pygments, so that an answer has the colours of the page's code, in light and in dark.
const colours = tagHighlighter([
  { tag: tags.comment, class: "c1" },
  { tag: [tags.keyword, tags.controlKeyword, tags.definitionKeyword, tags.modifier], class: "k" },
  { tag: [tags.moduleKeyword], class: "kn" },
  { tag: [tags.operatorKeyword], class: "ow" },
  { tag: [tags.string, tags.special(tags.string), tags.docString], class: "s1" },
  { tag: tags.number, class: "mi" },
  { tag: [tags.bool, tags.null], class: "kc" },
  { tag: tags.operator, class: "o" },
  { tag: tags.function(tags.definition(tags.variableName)), class: "nf" },
]);

// Puts an editor into `parent`. Tab is left to the browser, so that nobody is caught in it; Ctrl-] indents.
export function edit(parent, { text, label, anchor, head, onchange }) {
  const view = new EditorView({
    parent,
    doc: text,
    selection: { anchor, head },
    extensions: [
      history(),
      pythonLanguage,
      indentUnit.of("    "),
      indentOnInput(),
      bracketMatching(),
      syntaxHighlighting(colours),
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
      EditorView.updateListener.of((update) => update.docChanged && onchange(view.state.doc.toString())),
      keymap.of([...defaultKeymap, ...historyKeymap]),
    ],
  });
  return {
    focus: () => view.focus(),
    set: (changed) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: changed } }),
  };
}

// Fills `parent` with coloured code.
export function show(parent, code) {
  parent.replaceChildren();
  const put = (text, names) => {
    const span = document.createElement("span");
    span.className = names;
    span.append(text);
    parent.append(names ? span : text);
  };
  highlightCode(code, pythonLanguage.parser.parse(code), colours, put, () => parent.append("\n"));
}
