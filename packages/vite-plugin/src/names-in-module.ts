/** Which names a module's ESTree mentions, and which of them the module's top scope declares. */

/** Gives every identifier in the tree, whatever it means. */
export function usedNames(program: unknown): Set<string> {
  const names = new Set<string>();
  walk(program, (node) => {
    if (node.type === "Identifier" && typeof node.name === "string") names.add(node.name);
    return true;
  });
  return names;
}

/**
 * Gives the names that the module declares in its top scope: imports, functions, classes,
 * variables, and `var` in any block outside a function. An import of such a name would be a
 * second declaration.
 */
export function declaredNames(program: unknown): Set<string> {
  const names = new Set<string>();
  const topLevel = isNode(program) && Array.isArray(program.body) ? program.body : [];
  for (const statement of topLevel) {
    if (!isNode(statement)) continue;
    declareIn(statement, names);
    if (isNode(statement.declaration)) declareIn(statement.declaration, names);
    walk(statement, (node) => {
      if (SCOPES_OF_VAR.has(node.type)) return false;
      if (node.type === "VariableDeclaration" && node.kind === "var") declareIn(node, names);
      return true;
    });
  }
  return names;
}

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

const SCOPES_OF_VAR = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "ClassDeclaration",
  "ClassExpression",
]);

function declareIn(statement: Node, names: Set<string>): void {
  switch (statement.type) {
    case "ImportDeclaration":
      for (const specifier of nodes(statement.specifiers)) declarePattern(specifier.local, names);
      return;
    case "FunctionDeclaration":
    case "ClassDeclaration":
      declarePattern(statement.id, names);
      return;
    case "VariableDeclaration":
      for (const declarator of nodes(statement.declarations)) declarePattern(declarator.id, names);
      return;
  }
}

/** Every name in the pattern; a default value's names are declared too many, which is harmless. */
function declarePattern(pattern: unknown, names: Set<string>): void {
  for (const name of usedNames(pattern)) names.add(name);
}

function walk(value: unknown, visit: (node: Node) => boolean): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
  } else if (isNode(value) && visit(value)) {
    for (const field of Object.values(value)) {
      if (typeof field === "object" && field !== null) walk(field, visit);
    }
  }
}

function nodes(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"
  );
}
