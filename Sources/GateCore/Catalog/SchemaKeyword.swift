/// Which keywords of JSON Schema (all drafts) hold schemas, and how. Everything else is data and is not looked into.
enum SchemaKeyword {
    enum Shape {
        /// One schema.
        case schema
        /// One schema, or true or false, which clients understand here.
        case schemaOrBool
        /// A list of schemas.
        case list
        /// One schema or a list.
        case schemaOrList
        /// Schemas by name.
        case map
        /// Schemas or lists of names, by name.
        case mapOrNames
    }

    static func shape(_ keyword: String) -> Shape? { shapes[ExactText(keyword)] }

    private static let shapes: [ExactText: Shape] = [
        "additionalProperties": .schemaOrBool, "unevaluatedProperties": .schemaOrBool,
        "additionalItems": .schemaOrBool, "unevaluatedItems": .schemaOrBool,
        "contains": .schema, "propertyNames": .schema, "not": .schema, "if": .schema, "then": .schema, "else": .schema,
        "contentSchema": .schema, "items": .schemaOrList,
        "allOf": .list, "anyOf": .list, "oneOf": .list, "prefixItems": .list,
        "properties": .map, "patternProperties": .map, "$defs": .map, "definitions": .map, "dependentSchemas": .map,
        "dependencies": .mapOrNames,
    ]
}
