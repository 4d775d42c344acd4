/// A value of the file or of a request, before it is checked.
enum ConfigNode: Sendable, Equatable {
    case string(ConfigString)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    /// A date or a time, or null: nothing that a key of the configuration takes.
    case other(String)
    /// A value that was already reported as wrong; not to be reported again.
    case unusable
    case array([ConfigNode])
    /// In the order of the keys' bytes; no key twice.
    case table([Entry])

    struct Entry: Sendable, Equatable {
        var key: String
        var value: ConfigNode
    }

    /// The type's name in messages.
    var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "a whole number"
        case .float: "a number with a fraction"
        case .boolean: "true or false"
        case .other(let name): name
        case .unusable: "a value that cannot be used"
        case .array: "an array"
        case .table: "a table"
        }
    }
}

/// A string, with what it was before `${NAME}` was expanded.
struct ConfigString: Sendable, Equatable {
    /// As in the file.
    var raw: String
    /// With variables expanded.
    var text: String
    /// Whether a variable or a file was expanded in it.
    var hasVariables: Bool
    /// What came from files.
    var secrets: [Secret<String>]

    init(raw: String, text: String, hasVariables: Bool, secrets: [Secret<String>] = []) {
        self.raw = raw
        self.text = text
        self.hasVariables = hasVariables
        self.secrets = secrets
    }

    init(literal: String) {
        self.init(raw: literal, text: literal, hasVariables: false)
    }
}
