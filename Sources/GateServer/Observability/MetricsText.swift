/// Writes figures in the text format of Prometheus (0.0.4): one family after the other, each with its help and type.
struct MetricsText {
    enum Kind: String {
        case counter, gauge, summary
    }

    private(set) var text = ""

    /// - Parameter samples: labels and values; a family without samples is left out.
    mutating func family(
        _ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: [(String, String)], value: Double)],
        suffixes: [String]? = nil
    ) {
        guard !samples.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for (index, sample) in samples.enumerated() {
            text += name + (suffixes.map { $0[index] } ?? "")
            if !sample.labels.isEmpty {
                text +=
                    "{" + sample.labels.map { "\($0.0)=\"\(MetricsText.escaped($0.1))\"" }.joined(separator: ",") + "}"
            }
            text += " \(MetricsText.number(sample.value))\n"
        }
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
