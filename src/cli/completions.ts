/** Completion scripts, made from the flag table: what the shells can offer is what the program takes. */

import type { Flag } from "./flag.ts";
import { allFlags, spellingsOf } from "./listing.ts";
import { SHELLS, type Shell, SUBCOMMANDS } from "./subcommands.ts";

const NAME = "ipc-benchmark";

/** The script for a shell; without a newline at its end. */
export function completionScript(shell: Shell): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell]();
}

/** Words to choose from; "files"; or nothing that could be offered. */
function offerOf(flag: Flag): readonly string[] | "files" {
  return "value" in flag ? (flag.value.completes ?? []) : [];
}

/** The first words of the description: a shell shows one line. */
function briefly(flag: Flag): string {
  const [brief] = flag.description.split(/[;:(.] |[;:.]$| \(/);
  return brief!;
}

function bashScript(): string {
  const cases = allFlags()
    .filter((flag) => "value" in flag)
    .map((flag) => `    ${spellingsOf(flag).join("|")}) ${bashOffer(flag)} ;;`);
  const flags = allFlags().flatMap(spellingsOf).join(" ");
  return `# Completions of ${NAME} for bash: source <(${NAME} completions bash)
_ipc_benchmark() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" flag="" taken=0 i IFS=$' \\t\\n'
  COMPREPLY=()
  if [[ \${COMP_WORDS[1]} == completions ]] && ((COMP_CWORD > 1)); then
    ((COMP_CWORD == 2)) && COMPREPLY=($(compgen -W "${SHELLS.join(" ")}" -- "$cur"))
    return
  fi
  # Bash makes a word of its own of "=".
  [[ $cur == "=" ]] && cur=""
  for ((i = COMP_CWORD - 1; i > 0; i--)); do
    case "\${COMP_WORDS[i]}" in
    =) ;;
    -*) flag="\${COMP_WORDS[i]}" && break ;;
    *) taken=$((taken + 1)) ;;
    esac
  done
  if [[ $cur != -* ]]; then
    case "$flag" in
${cases.join("\n")}
    esac
  fi
  ((\${#COMPREPLY[@]} > 0)) && return
  local words="${flags}"
  ((COMP_CWORD == 1)) && words="$words ${SUBCOMMANDS.map(({ name }) => name).join(" ")}"
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}

_ipc_benchmark_words() {
  COMPREPLY=($(compgen -W "$1" -- "$2"))
}

_ipc_benchmark_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$1"))
}

complete -F _ipc_benchmark ${NAME}`;
}

/** What is done after the flag: `return` where nothing else than its value can follow. */
function bashOffer(flag: Flag): string {
  const offer = offerOf(flag);
  const offering = offer === "files" ? '_ipc_benchmark_files "$cur"' : bashWords(offer);
  if (flag.arity === "many") return `${offering}; ((taken == 0)) && return`;
  return flag.arity === "one" ? `((taken == 0)) && { ${offering}; return; }` : `((taken == 0)) && ${offering}`;
}

function bashWords(words: readonly string[]): string {
  return words.length === 0 ? ":" : `_ipc_benchmark_words "${words.join(" ")}" "$cur"`;
}

function zshScript(): string {
  const specs = allFlags().flatMap((flag) => zshSpecs(flag).map((spec) => `    ${spec} \\`));
  const subcommands = SUBCOMMANDS.map(({ name }) => name).join(" ");
  return `#compdef ${NAME}
# Completions of ${NAME} for zsh: ${NAME} completions zsh > a directory of $fpath, as _${NAME}
_ipc_benchmark() {
  if ((CURRENT > 2)) && [[ \${words[2]} == completions ]]; then
    ((CURRENT == 3)) && compadd -- ${SHELLS.join(" ")}
    return
  fi
  _arguments -s \\
${specs.join("\n")}
    ${quoted(`1: :(${subcommands})`)}
}

if [[ \${funcstack[1]} == _${NAME} || \${funcstack[1]} == _ipc_benchmark ]]; then
  _ipc_benchmark "$@"
else
  compdef _ipc_benchmark ${NAME}
fi`;
}

function zshSpecs(flag: Flag): string[] {
  const spellings = spellingsOf(flag);
  const isRepeatable = flag.arity === "many" || flag.arity === "count";
  const others = isRepeatable ? "*" : `(${spellings.join(" ")})`;
  // The value may also be joined to the flag: "--wait=spin", "-i5".
  const joint = (name: string) => (!("value" in flag) ? "" : name.startsWith("--") ? "=" : "+");
  const description = `[${zshBracketed(briefly(flag))}]`;
  return spellings.map((name) => quoted(`${others}${name}${joint(name)}${description}${zshOperand(flag)}`));
}

function zshOperand(flag: Flag): string {
  if (!("value" in flag)) return "";
  const offer = offerOf(flag);
  const action = offer === "files" ? "_files" : `(${offer.map((word) => word.replaceAll("=", "\\=")).join(" ")})`;
  // "::": it may be left out; ":*-*:": any number, up to the next flag.
  const colons = { one: ":", optional: "::", many: ":*-*:" }[flag.arity];
  return `${colons}${flag.placeholder}:${action}`;
}

function zshBracketed(text: string): string {
  return text.replace(/[\\[\]:]/g, "\\$&");
}

function fishScript(): string {
  const rows = allFlags().map(fishRow);
  const subcommands = SUBCOMMANDS.map(
    ({ name, description }) => `complete -c ${NAME} -n __fish_use_subcommand -a ${name} -d ${fishQuoted(description)}`,
  );
  return `# Completions of ${NAME} for fish: ${NAME} completions fish > ~/.config/fish/completions/${NAME}.fish
complete -c ${NAME} -f
${subcommands.join("\n")}
complete -c ${NAME} -n '__fish_seen_subcommand_from completions' -a '${SHELLS.join(" ")}'
${rows.join("\n")}`;
}

function fishRow(flag: Flag): string {
  const names = [...(flag.short === undefined ? [] : [`-s ${flag.short}`]), ...flag.long.map((name) => `-l ${name}`)];
  const offer = offerOf(flag);
  const words = offer === "files" || offer.length === 0 ? "" : ` -a ${fishQuoted(offer.join(" "))}`;
  const takes = !("value" in flag) ? "" : offer === "files" ? " -r -F" : " -x";
  return `complete -c ${NAME} ${names.join(" ")}${takes}${words} -d ${fishQuoted(briefly(flag))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
