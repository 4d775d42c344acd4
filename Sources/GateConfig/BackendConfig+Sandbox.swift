extension BackendConfig {
    /// What a backend's processes may reach and use up. The limits hold with every profile.
    package struct Sandbox: Sendable, Equatable {
        package enum Profile: String, Sendable, CaseIterable {
            /// All that the gateway's own user may.
            case none
            /// The system's programs, what is listed and a directory of its own.
            case basic
        }

        package var profile = Profile.none
        /// Absolute paths.
        package var read: [String] = []
        package var write: [String] = []
        /// TCP ports.
        package var connect: [Int] = []
        /// Not started where the kernel cannot do all of it.
        package var isRequired = false
        package var memoryMB: Int?
        package var cpuSeconds: Int?
        package var openFiles: Int?
        package var processes: Int?
        package var fileSizeMB: Int?

        package init() {}
    }
}

extension BackendReader {
    static let sandboxKeys = [
        "profile", "read", "write", "connect", "required", "memory_mb", "cpu_seconds", "open_files", "processes",
        "file_size_mb",
    ]

    func sandbox(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> BackendConfig.Sandbox {
        var sandbox = BackendConfig.Sandbox()
        switch table.node("sandbox") {
        case nil: break
        case .table(let entries)?:
            let own = TableReader(entries: entries, path: table.path.appending("sandbox"))
            own.reportUnknownKeys(known: Self.sandboxKeys, &diagnostics)
            sandbox.profile = choice("profile", .none, own, &diagnostics)
            sandbox.read = sandboxPaths("read", own, &diagnostics)
            sandbox.write = sandboxPaths("write", own, &diagnostics)
            sandbox.connect = ports(own, &diagnostics)
            sandbox.isRequired = own.boolean("required", default: false, &diagnostics)
            sandbox.memoryMB = own.count("memory_mb", 16...1_048_576, &diagnostics)
            sandbox.cpuSeconds = own.count("cpu_seconds", 1...31_536_000, &diagnostics)
            sandbox.openFiles = own.count("open_files", 16...1_048_576, &diagnostics)
            sandbox.processes = own.count("processes", 1...1_048_576, &diagnostics)
            sandbox.fileSizeMB = own.count("file_size_mb", 1...1_048_576, &diagnostics)
            // Whoever lists paths believes to be protected.
            for key in ["read", "write", "connect", "required"] where sandbox.profile == .none && own.has(key) {
                diagnostics.report(
                    own.path.appending(key), "has no meaning without profile = \"basic\"; add that, or remove this")
            }
        case let other?:
            diagnostics.report(
                table.path.appending("sandbox"), "must be a table { profile = \"basic\", … }, not \(other.kind)")
        }
        return sandbox
    }

    private func sandboxPaths(
        _ key: String, _ table: TableReader, _ diagnostics: inout ConfigDiagnostics
    ) -> [String] {
        table.strings(key, &diagnostics).enumerated().compactMap { offset, text in
            do throws(ConfigMessage) {
                try TextRule.refuseControls(text.text)
                return try paths.absolute(text.text, base: base)
            } catch {
                diagnostics.report(table.path.appending(key).appending(offset), error.text)
                return nil
            }
        }
    }

    private func ports(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> [Int] {
        switch table.node("connect") {
        case nil, .unusable?: return []
        case .array(let elements)?:
            return elements.enumerated().compactMap { offset, element in
                if case .integer(let number) = element, (1...65_535).contains(number) { return Int(number) }
                diagnostics.report(
                    table.path.appending("connect").appending(offset), "must be a port, a number from 1 to 65535")
                return nil
            }
        case let other?:
            diagnostics.report(table.path.appending("connect"), "must be an array of ports, not \(other.kind)")
            return []
        }
    }
}
