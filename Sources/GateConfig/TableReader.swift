/// Takes the values of one table by name and type, and reports what does not fit.
struct TableReader {
    let entries: [ConfigNode.Entry]
    let path: ConfigPath

    /// - Returns: nil when the key is absent.
    func node(_ key: String) -> ConfigNode? {
        entries.first { $0.key == key }?.value
    }

    func has(_ key: String) -> Bool { node(key) != nil }

    func string(_ key: String, _ diagnostics: inout ConfigDiagnostics) -> ConfigString? {
        switch node(key) {
        case nil, .unusable?: return nil
        case .string(let value)?:
            do throws(ConfigMessage) {
                try TextRule.refuseControls(value.text)
                return value
            } catch {
                diagnostics.report(path.appending(key), error.text)
                return nil
            }
        case let other?:
            diagnostics.report(path.appending(key), "must be a string, not \(other.kind)")
            return nil
        }
    }

    func boolean(_ key: String, default absent: Bool, _ diagnostics: inout ConfigDiagnostics) -> Bool {
        switch node(key) {
        case nil, .unusable?: return absent
        case .boolean(let value)?: return value
        case .string(let value)? where value.hasVariables:
            if let parsed = Bool(value.text) { return parsed }
            diagnostics.report(path.appending(key), "must be true or false, not \(quoted(value.text))")
            return absent
        case let other?:
            diagnostics.report(path.appending(key), "must be true or false, not \(other.kind)")
            return absent
        }
    }

    func duration(
        _ key: String, _ range: ClosedRange<Int>, _ unit: DurationUnit, _ diagnostics: inout ConfigDiagnostics
    ) -> Duration? {
        number(key, range, unit, &diagnostics).map(unit.duration)
    }

    func count(_ key: String, _ range: ClosedRange<Int>, _ diagnostics: inout ConfigDiagnostics) -> Int? {
        number(key, range, nil, &diagnostics)
    }

    private func number(
        _ key: String, _ range: ClosedRange<Int>, _ unit: DurationUnit?, _ diagnostics: inout ConfigDiagnostics
    ) -> Int? {
        let number: Int64
        switch node(key) {
        case nil, .unusable?: return nil
        case .integer(let value)?: number = value
        case .string(let value)? where value.hasVariables && Int64(value.text) != nil: number = Int64(value.text) ?? 0
        case let other?:
            diagnostics.report(path.appending(key), "must be a whole number, not \(other.kind)")
            return nil
        }
        guard let count = Int(exactly: number), range.contains(count) else {
            diagnostics.report(path.appending(key), ConfigField.outOfRange(number, range, unit: unit).text)
            return nil
        }
        return count
    }

    func strings(_ key: String, _ diagnostics: inout ConfigDiagnostics) -> [ConfigString] {
        switch node(key) {
        case nil, .unusable?: return []
        case .array(let elements)?:
            var strings: [ConfigString] = []
            for (offset, element) in elements.enumerated() {
                guard case .string(let value) = element else {
                    if element == .unusable { continue }
                    diagnostics.report(
                        path.appending(key).appending(offset), "must be a string, not \(element.kind); put it in quotes"
                    )
                    continue
                }
                strings.append(value)
            }
            return strings
        case let other?:
            diagnostics.report(path.appending(key), "must be an array of strings, not \(other.kind)")
            return []
        }
    }

    /// A table of strings, like `env`.
    func pairs(_ key: String, _ diagnostics: inout ConfigDiagnostics) -> [(name: String, value: ConfigString)] {
        switch node(key) {
        case nil, .unusable?: return []
        case .table(let entries)?:
            var pairs: [(name: String, value: ConfigString)] = []
            for entry in entries {
                guard case .string(let value) = entry.value else {
                    if entry.value == .unusable { continue }
                    diagnostics.report(
                        path.appending(key).appending(entry.key),
                        "must be a string, not \(entry.value.kind); put it in quotes")
                    continue
                }
                pairs.append((entry.key, value))
            }
            return pairs
        case let other?:
            diagnostics.report(path.appending(key), "must be a table of strings, not \(other.kind)")
            return []
        }
    }

    func reportUnknownKeys(known: [String], homes: [String: String] = [:], _ diagnostics: inout ConfigDiagnostics) {
        for entry in entries where !known.contains(entry.key) {
            diagnostics.reportUnknown(path.appending(entry.key), key: entry.key, known: known, homes: homes)
        }
    }
}
