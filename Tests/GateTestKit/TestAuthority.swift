/// A certificate authority for the time of a test, made with the `openssl` program.
package struct TestAuthority: Sendable {
    package struct Identity: Sendable {
        package let certificate: String
        package let key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    private let directory: TemporaryDirectory
    private let name: String
    /// The authority's own certificate.
    package var certificate: String { directory.file("\(name).pem") }
    private var key: String { directory.file("\(name).key") }

    /// - Parameter name: of its files.
    package init(in directory: TemporaryDirectory, name: String = "authority") async throws {
        self.directory = directory
        self.name = name
        try await TestAuthority.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
            "-out",
            certificate, "-days", "30", "-subj", "/CN=\(name)", "-addext", "keyUsage=critical,keyCertSign",
        ])
    }

    /// - Parameters:
    ///   - names: subject alternative names, such as `DNS:localhost`.
    ///   - days: how long it counts; below zero for one that has ended.
    package func issue(_ file: String, _ names: [String], days: Int = 30) async throws -> Identity {
        let identity = Identity(certificate: directory.file("\(file).pem"), key: directory.file("\(file).key"))
        let request = directory.file("\(file).csr")
        try await TestAuthority.openssl([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", identity.key,
            "-out",
            request, "-subj", "/CN=\(file)",
        ])
        let more = try directory.write("subjectAltName=\(names.joined(separator: ","))\n", to: "\(file).ext")
        try await TestAuthority.openssl([
            "x509", "-req", "-in", request, "-CA", certificate, "-CAkey", key, "-CAcreateserial", "-out",
            identity.certificate, "-days", "\(days)", "-extfile", more,
        ])
        return identity
    }

    @discardableResult
    package static func openssl(_ arguments: [String]) async throws -> String {
        let run = try await Program.run("/usr/bin/env", ["openssl"] + arguments)
        guard run.exit == .code(0) else { throw TestKitError("openssl \(arguments[0]): \(run.errors)") }
        return run.output
    }
}
