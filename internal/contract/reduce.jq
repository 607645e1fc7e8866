# Keeps the paths that $paths names, one a line, and every component that they
# need. The rest of GitHub's description would cost seconds.
def component: ltrimstr("#/") | split("/");
def refs: [.. | objects | .["$ref"] | strings] | unique[] | component;
def close($all):
  . as $kept
  | [refs | select(. as $p | $kept | getpath($p) == null)] as $missing
  | if $missing == [] then .
    else reduce $missing[] as $p (.; setpath($p; $all | getpath($p))) | close($all) end;

. as $all
| {openapi, info, paths: {}, components: {schemas: {"basic-error": .components.schemas["basic-error"]}}}
| reduce ($paths | split("\n")[] | select(. != "")) as $p
    (.; .paths[$p] = ($all.paths[$p] // error("GitHub describes no \($p)")))
| close($all)
