extension ConfigField {
    /// What turning a written value into a property needs to know.
    struct Context {
        let paths: PathExpansion
        /// The directory that relative paths belong to.
        let base: String?
    }

    /// Takes a value of the file.
    func set(_ node: ConfigNode, in config: inout GatewayConfig, _ context: Context) throws(ConfigMessage) {
        if case .string(let string) = node, string.hasVariables {
            if case .texts = kind {
                throw wrongType(node)
            }
            return try set(text: string.text, in: &config, context)
        }
        switch (kind, node) {
        case (.integer(let property, let range), .integer(let value)):
            config[keyPath: property] = try checked(value, range, unit: nil)
        case (.optionalInteger(let property, let range), .integer(let value)):
            config[keyPath: property] = try checked(value, range, unit: nil)
        case (.duration(let property, let unit, let range), .integer(let value)):
            config[keyPath: property] = unit.duration(try checked(value, range, unit: unit))
        case (.boolean(let property), .boolean(let value)):
            config[keyPath: property] = value
        case (.text, .string(let value)), (.optionalText, .string(let value)), (.choice, .string(let value)):
            try set(text: value.text, in: &config, context)
        case (.texts(let property, let rule), .array(let elements)):
            var texts: [String] = []
            for (offset, element) in elements.enumerated() {
                if element == .unusable { continue }
                guard case .string(let value) = element else {
                    throw ConfigMessage("entry \(offset + 1) must be a string, not \(element.kind)")
                }
                texts.append(try rule.checked(value.text, paths: context.paths, base: context.base))
            }
            config[keyPath: property] = texts
        default:
            throw wrongType(node)
        }
    }

    /// Takes a value of an environment variable or a flag, or one that `${NAME}` stands for.
    func set(text: String, in config: inout GatewayConfig, _ context: Context) throws(ConfigMessage) {
        switch kind {
        case .integer(let property, let range):
            config[keyPath: property] = try checked(try number(text), range, unit: nil)
        case .optionalInteger(let property, let range):
            config[keyPath: property] = try checked(try number(text), range, unit: nil)
        case .duration(let property, let unit, let range):
            config[keyPath: property] = unit.duration(try checked(try number(text), range, unit: unit))
        case .boolean(let property):
            guard let value = Bool(text) else { throw ConfigMessage("must be true or false, not \(quoted(text))") }
            config[keyPath: property] = value
        case .text(let property, let rule):
            config[keyPath: property] = try rule.checked(text, paths: context.paths, base: context.base)
        case .optionalText(let property, let rule):
            config[keyPath: property] = try rule.checked(text, paths: context.paths, base: context.base)
        case .texts(let property, let rule):
            var texts: [String] = []
            for part in text.utf8.split(separator: UInt8(ascii: ",")) {
                let entry = String(decoding: part.trimmingBlanks(), as: UTF8.self)
                texts.append(try rule.checked(entry, paths: context.paths, base: context.base))
            }
            config[keyPath: property] = texts
        case .choice(let choice): try choice.set(text, &config)
        }
    }

    private func number(_ text: String) throws(ConfigMessage) -> Int64 {
        guard let value = Int64(text) else {
            throw ConfigMessage("must be a whole number, not \(quoted(text))")
        }
        return value
    }

    private func checked(_ value: Int64, _ range: ClosedRange<Int>, unit: DurationUnit?) throws(ConfigMessage) -> Int {
        guard let value = Int(exactly: value), range.contains(value) else {
            throw Self.outOfRange(value, range, unit: unit)
        }
        return value
    }

    static func outOfRange(_ value: Int64, _ range: ClosedRange<Int>, unit: DurationUnit?) -> ConfigMessage {
        let unit = unit.map { " " + $0.rawValue } ?? ""
        return ConfigMessage("must be from \(range.lowerBound) to \(range.upperBound)\(unit), not \(value)")
    }

    private func wrongType(_ node: ConfigNode) -> ConfigMessage {
        ConfigMessage("must be \(typeName), not \(node.kind)")
    }

    /// The type as messages and the reference name it.
    var typeName: String {
        switch kind {
        case .integer, .optionalInteger, .duration: "a whole number"
        case .boolean: "true or false"
        case .text, .optionalText, .choice: "a string"
        case .texts: "an array of strings"
        }
    }
}

/// One of an enumeration's values, by its name in the file.
func choice<Choice: RawRepresentable<String> & CaseIterable>(_ text: String) throws(ConfigMessage) -> Choice {
    if let value = Choice(rawValue: text) { return value }
    let names = Choice.allCases.map(\.rawValue)
    let hint = NearestKey.suggestion(for: text, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
    let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
    throw ConfigMessage("must be one of \(list), not \(quoted(text))\(hint)")
}

extension Substring.UTF8View {
    func trimmingBlanks() -> Substring.UTF8View {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var result = self.drop(while: isBlank)
        while let last = result.last, isBlank(last) { result.removeLast() }
        return result
    }
}
