/// One thing that is wrong in the configuration.
package struct ConfigProblem: Error, Sendable, Hashable {
    /// Where the wrong value was given.
    package enum Origin: Sendable, Hashable {
        /// Line and column count from 1, columns in Unicode scalars; nil when the problem has no place in the text.
        case file(path: String, line: Int?, column: Int?)
        case environment(variable: String)
        case flag(String)
        /// The body of a request that adds a backend.
        case request
    }

    package let origin: Origin
    /// The key's path, as in `backends[0].url`; empty when the problem is about the file as a whole.
    package let key: String
    /// What is wrong and what to do about it. Never holds a value of `env` or `headers`, nor a backend's URL.
    package let message: String

    package init(origin: Origin, key: String, message: String) {
        self.origin = origin
        self.key = key
        self.message = message
    }
}

extension ConfigProblem: CustomStringConvertible {
    package var description: String {
        let place =
            switch origin {
            case .file(let path, let line?, let column?): "\(path):\(line):\(column): "
            case .file(let path, _, _): "\(path): "
            case .environment(let variable): "\(variable): "
            case .flag(let flag): "\(flag): "
            case .request: ""
            }
        return place + (key.isEmpty ? "" : key + ": ") + message
    }
}

/// Everything that is wrong in a configuration, in the order of the file; never empty.
package struct ConfigProblems: Error, Sendable, Equatable {
    /// More than this many are not collected: who reads the first hundred will run the check again.
    package static let limit = 100

    package let problems: [ConfigProblem]

    package init(_ problems: [ConfigProblem]) {
        self.problems = problems
    }
}

extension ConfigProblems: CustomStringConvertible {
    /// One line for each problem.
    package var description: String {
        var lines = problems.map(\.description)
        if problems.count >= Self.limit {
            lines.append("more problems are not shown; mend these first")
        }
        return lines.joined(separator: "\n")
    }
}
