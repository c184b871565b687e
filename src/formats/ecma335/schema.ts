/** ECMA-335 II.22, in the order of the table numbers; the `…Ptr` tables are those of files written without optimisation (`#-`). */
export const TABLES = {
  module: 0x00,
  typeRef: 0x01,
  typeDef: 0x02,
  moduleRef: 0x1a,
  implMap: 0x1c,
  assembly: 0x20,
  assemblyRef: 0x23,
  file: 0x26,
  exportedType: 0x27,
  manifestResource: 0x28,
} as const;

/** How a column is stored (II.24.2.6): so many bytes; an index into a heap; a row of one table; a row of one of several. */
export type Column = 2 | 4 | 'string' | 'guid' | 'blob' | { readonly table: number } | { readonly coded: CodedIndex };

export interface CodedIndex {
  /** Low bits that choose the table. */
  readonly bits: number;
  /** By their value; -1 for values that mean nothing. */
  readonly tables: readonly number[];
}

const row = (table: number): Column => ({ table });
const coded = (bits: number, ...tables: readonly number[]): Column => ({ coded: { bits, tables } });

const FIELD = row(0x04);
const METHOD = row(0x06);
const PARAM = row(0x08);
const TYPE = row(0x02);
const TYPE_DEF_OR_REF = coded(2, 0x02, 0x01, 0x1b);
const HAS_CONSTANT = coded(2, 0x04, 0x08, 0x17);
const HAS_CUSTOM_ATTRIBUTE: Column = {
  coded: {
    bits: 5,
    // oxfmt-ignore
    tables: [
      0x06, 0x04, 0x01, 0x02, 0x08, 0x09, 0x0a, 0x00, 0x0e, 0x17, 0x14,
      0x11, 0x1a, 0x1b, 0x20, 0x23, 0x26, 0x27, 0x28, 0x2a, 0x2c, 0x2b,
    ],
  },
};
const HAS_FIELD_MARSHAL = coded(1, 0x04, 0x08);
const HAS_DECL_SECURITY = coded(2, 0x02, 0x06, 0x20);
const MEMBER_REF_PARENT = coded(3, 0x02, 0x01, 0x1a, 0x06, 0x1b);
const HAS_SEMANTICS = coded(1, 0x14, 0x17);
const METHOD_DEF_OR_REF = coded(1, 0x06, 0x0a);
const MEMBER_FORWARDED = coded(1, 0x04, 0x06);
const CUSTOM_ATTRIBUTE_TYPE = coded(3, -1, -1, 0x06, 0x0a, -1);
const TYPE_OR_METHOD_DEF = coded(1, 0x02, 0x06);

/** File, AssemblyRef or ExportedType (II.24.2.6). */
export const IMPLEMENTATION: CodedIndex = { bits: 2, tables: [0x26, 0x23, 0x27] };
/** Module, ModuleRef, AssemblyRef or TypeRef. */
export const RESOLUTION_SCOPE: CodedIndex = { bits: 2, tables: [0x00, 0x1a, 0x23, 0x01] };

/** The columns of every table, by its number. A table that is not here cannot be skipped, for nobody knows how long its rows are. */
export const COLUMNS: readonly (readonly Column[])[] = [
  /* 00 Module */ [2, 'string', 'guid', 'guid', 'guid'],
  /* 01 TypeRef */ [{ coded: RESOLUTION_SCOPE }, 'string', 'string'],
  /* 02 TypeDef */ [4, 'string', 'string', TYPE_DEF_OR_REF, FIELD, METHOD],
  /* 03 FieldPtr */ [FIELD],
  /* 04 Field */ [2, 'string', 'blob'],
  /* 05 MethodPtr */ [METHOD],
  /* 06 MethodDef */ [4, 2, 2, 'string', 'blob', PARAM],
  /* 07 ParamPtr */ [PARAM],
  /* 08 Param */ [2, 2, 'string'],
  /* 09 InterfaceImpl */ [TYPE, TYPE_DEF_OR_REF],
  /* 0a MemberRef */ [MEMBER_REF_PARENT, 'string', 'blob'],
  /* 0b Constant */ [2, HAS_CONSTANT, 'blob'],
  /* 0c CustomAttribute */ [HAS_CUSTOM_ATTRIBUTE, CUSTOM_ATTRIBUTE_TYPE, 'blob'],
  /* 0d FieldMarshal */ [HAS_FIELD_MARSHAL, 'blob'],
  /* 0e DeclSecurity */ [2, HAS_DECL_SECURITY, 'blob'],
  /* 0f ClassLayout */ [2, 4, TYPE],
  /* 10 FieldLayout */ [4, FIELD],
  /* 11 StandAloneSig */ ['blob'],
  /* 12 EventMap */ [TYPE, row(0x14)],
  /* 13 EventPtr */ [row(0x14)],
  /* 14 Event */ [2, 'string', TYPE_DEF_OR_REF],
  /* 15 PropertyMap */ [TYPE, row(0x17)],
  /* 16 PropertyPtr */ [row(0x17)],
  /* 17 Property */ [2, 'string', 'blob'],
  /* 18 MethodSemantics */ [2, METHOD, HAS_SEMANTICS],
  /* 19 MethodImpl */ [TYPE, METHOD_DEF_OR_REF, METHOD_DEF_OR_REF],
  /* 1a ModuleRef */ ['string'],
  /* 1b TypeSpec */ ['blob'],
  /* 1c ImplMap */ [2, MEMBER_FORWARDED, 'string', row(0x1a)],
  /* 1d FieldRVA */ [4, FIELD],
  /* 1e EncLog */ [4, 4],
  /* 1f EncMap */ [4],
  /* 20 Assembly */ [4, 2, 2, 2, 2, 4, 'blob', 'string', 'string'],
  /* 21 AssemblyProcessor */ [4],
  /* 22 AssemblyOS */ [4, 4, 4],
  /* 23 AssemblyRef */ [2, 2, 2, 2, 4, 'blob', 'string', 'string', 'blob'],
  /* 24 AssemblyRefProcessor */ [4, row(0x23)],
  /* 25 AssemblyRefOS */ [4, 4, 4, row(0x23)],
  /* 26 File */ [4, 'string', 'blob'],
  /* 27 ExportedType */ [4, 4, 'string', 'string', { coded: IMPLEMENTATION }],
  /* 28 ManifestResource */ [4, 4, 'string', { coded: IMPLEMENTATION }],
  /* 29 NestedClass */ [TYPE, TYPE],
  /* 2a GenericParam */ [2, 2, TYPE_OR_METHOD_DEF, 'string'],
  /* 2b MethodSpec */ [METHOD_DEF_OR_REF, 'blob'],
  /* 2c GenericParamConstraint */ [row(0x2a), TYPE_DEF_OR_REF],
];
