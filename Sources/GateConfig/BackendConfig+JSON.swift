extension BackendConfig {
    /// Checks a backend that is added at run time: the body of `POST /server/add`, or what `json(secrets:)` stored.
    ///
    /// The keys are those of `[[backends]]`. Values are taken as they are: neither `${NAME}` nor `~` is expanded, paths
    /// must be absolute, and variables that make a program run other code are refused. Whether the name is already taken
    /// is for the caller to see (`BackendName.folded`).
    ///
    /// - Throws: all problems; each names its field in `key`.
    package static func validated(json: some Sequence<UInt8>) throws(ConfigProblems) -> BackendConfig {
        var diagnostics = ConfigDiagnostics { _ in .request }
        let entries: [ConfigNode.Entry]
        do throws(ConfigMessage) {
            guard case .table(let found) = try ConfigJSON.parse(Array(json)) else {
                throw ConfigMessage("the body must be a JSON object")
            }
            entries = found
        } catch {
            throw ConfigProblems([ConfigProblem(origin: .request, key: "", message: error.text)])
        }
        var reader = BackendReader(paths: PathExpansion(home: nil), base: nil, isRequest: true)
        // An absent field and a null one are the same to a client's encoder.
        let given = entries.filter { $0.value != .other("null") }
        let backend = reader.read(TableReader(entries: given, path: ConfigPath()), &diagnostics)
        guard let backend, diagnostics.problems.isEmpty else { throw ConfigProblems(diagnostics.problems) }
        return backend
    }

    /// Whether secrets are written out.
    package enum SecretRendering: Sendable {
        /// Only for the owner's own file with mode 0600.
        case exposed
        case hidden
    }

    /// The backend as a JSON object with the keys of `[[backends]]`.
    ///
    /// With `.exposed`, `validated(json:)` reads the same backend back.
    package func json(secrets: SecretRendering) -> String {
        var text = ""
        EffectiveValue.table(effectiveEntries(secrets: secrets)).writeJSON(to: &text)
        return text
    }
}
