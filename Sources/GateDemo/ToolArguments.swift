import GateProtocol

/// The arguments of one call, read with the checks that the schema promises.
struct ToolArguments: Sendable {
    private let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    func refuseUnknown(known: [String]) throws(ToolMistake) {
        for key in object.keys where !known.contains(where: { $0.utf8.elementsEqual(key.utf8) }) {
            throw ToolMistake("Unknown argument \"\(key)\"; known here: \(known.joined(separator: ", ")).")
        }
    }

    /// nil when it is absent or null.
    func optionalText(_ name: String) throws(ToolMistake) -> String? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let text = value.stringValue else { throw ToolMistake("\"\(name)\" must be a string.") }
        return text
    }

    func text(_ name: String) throws(ToolMistake) -> String {
        guard let text = try optionalText(name) else { throw ToolMistake("\"\(name)\" is missing: give a string.") }
        return text
    }

    func number(_ name: String, default standard: Double, in range: ClosedRange<Double>) throws(ToolMistake) -> Double {
        guard let value = object[name], !value.isNull else { return standard }
        guard let number = value.doubleValue, range.contains(number) else {
            throw ToolMistake("\"\(name)\" must be a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func integer(_ name: String, default standard: Int, in range: ClosedRange<Int>) throws(ToolMistake) -> Int {
        guard let value = object[name], !value.isNull else { return standard }
        // `3.0` is an integer to JSON Schema.
        guard let number = value.intValue ?? value.doubleValue.flatMap({ Int(exactly: $0) }), range.contains(number)
        else {
            throw ToolMistake("\"\(name)\" must be an integer from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func numbers(_ name: String) throws(ToolMistake) -> [Double] {
        guard let elements = object[name]?.arrayValue, !elements.isEmpty else {
            throw ToolMistake("\"\(name)\" must be an array of at least one number.")
        }
        var numbers: [Double] = []
        for element in elements {
            guard let number = element.doubleValue, number.isFinite else {
                throw ToolMistake("\"\(name)\" must hold numbers only; this is none: \(element.text)")
            }
            numbers.append(number)
        }
        return numbers
    }
}
