import type { EncodedValue } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import { checkValue } from "../values/check-value.js";
import { afterPrefix, FIRST_KEY, keyOfValue, keyOfValues, LAST_KEY } from "../values/index-key.js";
import { type Documents, parseDocument } from "./documents.js";
import type { EncodedDocument, SystemTables } from "./embedded-database.js";
import { RowStream } from "./row-stream.js";
import { sortFields, tableOfId } from "./user-tables.js";

/** The server's own access to system tables, as part of a transaction. */
export function systemTables(documents: Documents): SystemTables {
  const sizeOf = (document: EncodedDocument) => checkValue({ ...document }).size;
  const find = (id: string) => {
    const table = tableOfId(documents, id);
    const before = table === undefined ? null : documents.getForWrite(table, id);
    if (table === undefined || before === null) {
      throw new SyscallError(`Document ${JSON.stringify(id)} is not there`);
    }
    return { table, before };
  };

  return {
    insert(tableName, fields) {
      const table = documents.catalog.ensureTable(tableName);
      const system = documents.newSystemFields(table);
      const document = sortFields({ ...fields, ...system });
      documents.insert(table, document, sizeOf(document));
      return system._id;
    },
    get(id) {
      const table = tableOfId(documents, id);
      return table === undefined ? null : documents.getForWrite(table, id);
    },
    query(tableName, indexName, { equal = [], upTo, limit = Number.POSITIVE_INFINITY } = {}) {
      return queryIndex(documents, tableName, indexName, equal, upTo, limit);
    },
    patch(id, fields) {
      const { table, before } = find(id);
      const after = sortFields({ ...before, ...fields });
      documents.update(table, before, after, sizeOf(after));
    },
    remove(id) {
      const { table, before } = find(id);
      documents.remove(table, before);
    },
  };
}

function queryIndex(
  documents: Documents,
  tableName: string,
  indexName: string,
  equal: readonly EncodedValue[],
  upTo: EncodedValue | undefined,
  limit: number,
): EncodedDocument[] {
  const index = documents.catalog.index(tableName, indexName);
  if (index === undefined) throw new SyscallError(`Index ${tableName}.${indexName} not found.`);
  const prefix = keyOfValues(equal);
  const last = upTo === undefined ? prefix : `${prefix}${keyOfValue(upTo)}`;
  const upper = last === FIRST_KEY ? LAST_KEY : afterPrefix(last as typeof prefix);
  const expected = Number.isFinite(limit) ? limit : null;
  const rows = new RowStream(documents, index, { lower: prefix, upper }, "asc", expected);
  const found: EncodedDocument[] = [];
  while (found.length < limit) {
    const row = rows.nextUncounted();
    if (row === null) break;
    found.push(parseDocument(row));
  }
  return found;
}
