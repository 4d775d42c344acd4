#if canImport(Glibc)
    /// The name server of a gateway under test: Tests/faultshim/names.c. Linux only.
    package final class NameShim: Sendable {
        private let directory: TemporaryDirectory
        private let library: String

        package init(_ directory: TemporaryDirectory) async throws {
            self.directory = directory
            library = try await FaultShim.build("names", directory)
            try directory.write("", to: "names")
        }

        /// From now on these are all the names there are, beside those of the system.
        package func set(_ names: [String: [String]]) throws {
            let lines = names.map { "\($0.key) \($0.value.joined(separator: " "))\n" }
            try directory.write(lines.joined(), to: "names")
        }

        /// What becomes the gateway.
        package var launcher: [String] {
            ["/usr/bin/env", "LD_PRELOAD=\(library)", "STONEGATE_NAMES=\(directory.file("names"))"]
        }
    }
#endif
