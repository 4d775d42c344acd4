/// Collects problems, and knows where a value was given.
struct ConfigDiagnostics {
    private(set) var problems: [ConfigProblem] = []
    let locate: (ConfigPath) -> ConfigProblem.Origin

    init(locate: @escaping (ConfigPath) -> ConfigProblem.Origin) {
        self.locate = locate
    }

    /// The problems by their place; those of one place in the order in which they were found.
    var inFileOrder: [ConfigProblem] {
        func place(_ problem: ConfigProblem) -> (Int, Int) {
            guard case .file(_, let line, let column) = problem.origin else { return (0, 0) }
            return (line ?? 0, column ?? 0)
        }
        return problems.enumerated().sorted { a, b in
            let (first, second) = (place(a.element), place(b.element))
            return first == second ? a.offset < b.offset : first < second
        }.map(\.element)
    }

    var isFull: Bool { problems.count >= ConfigProblems.limit }

    mutating func report(_ path: ConfigPath, _ message: String) {
        report(origin: locate(path), key: path.description, message)
    }

    mutating func report(origin: ConfigProblem.Origin, key: String, _ message: String) {
        guard !isFull else { return }
        problems.append(ConfigProblem(origin: origin, key: key, message: message))
    }

    /// - Parameter homes: keys of other tables, with the table that each belongs to.
    mutating func reportUnknown(_ path: ConfigPath, key: String, known: [String], homes: [String: String] = [:]) {
        guard !isFull else { return }
        if let near = NearestKey.suggestion(for: key, among: known) {
            report(path, "unknown key; did you mean '\(near)'?")
        } else if let home = homes[key] {
            report(path, "unknown key here; it belongs to [\(home)]")
        } else {
            report(path, "unknown key; known here: " + known.joined(separator: ", "))
        }
    }
}
