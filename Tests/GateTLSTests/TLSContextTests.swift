import GateTestKit
import Testing

@testable import GateTLS

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What is said of the files of TLS.
@Suite(.serialized) struct TLSContextTests {
    private let directory: TemporaryDirectory
    private let authority: TestAuthority
    private let own: TestAuthority.Identity

    init() async throws {
        directory = try TemporaryDirectory()
        authority = try await TestAuthority(in: directory)
        own = try await authority.issue(
            "own", ["DNS:gate.test", "IP:127.0.0.1", "URI:spiffe://x/gate", "email:a@gate.test"])
    }

    private func problem(
        certificate: String? = nil, key: String? = nil, clientAuthorities: String? = nil
    ) -> TLSProblem? {
        let files = TLSFiles(
            certificate: certificate ?? own.certificate, key: key ?? own.key, clientAuthorities: clientAuthorities)
        do throws(TLSProblem) {
            _ = try TLSContext(files)
            return nil
        } catch {
            return error
        }
    }

    @Test func goodFilesAreTaken() throws {
        #expect(problem(clientAuthorities: authority.certificate) == nil)
        let facts = try TLSContext(TLSFiles(certificate: own.certificate, key: own.key)).certificate
        #expect(facts.names == ["gate.test", "spiffe://x/gate", "a@gate.test"])
        #expect(facts.hosts == ["gate.test"])
        let end = try #require(facts.end)
        let days = Double(end - time(nil)) / 86_400
        #expect(days > 29.9 && days <= 30)
    }

    @Test func fingerprintIsThatOfOpenSSL() async throws {
        let facts = try TLSContext(TLSFiles(certificate: own.certificate, key: own.key)).certificate
        let printed = try await TestAuthority.openssl([
            "x509", "-in", own.certificate, "-noout", "-fingerprint", "-sha256",
        ])
        let digits = printed.split(separator: "=").last.map { $0.filter { $0 != ":" }.lowercased() }
        #expect(digits == facts.fingerprint && facts.fingerprint.utf8.count == 64)
    }

    @Test func missingFilesAreNamed() {
        #expect(
            problem(certificate: "/nowhere/c.pem")?.description
                == "/nowhere/c.pem cannot be read: No such file or directory")
        #expect(problem(key: "/nowhere/k.pem")?.key == "key")
        #expect(problem(clientAuthorities: "/nowhere/a.pem")?.key == "client_ca")
        #expect(problem(certificate: directory.path)?.description == "\(directory.path) is no file")
    }

    @Test func whatHoldsSomethingElseIsRefused() async throws {
        let text = try directory.write("hello\n", to: "hello.pem")
        chmod(text, 0o600)
        #expect(problem(certificate: text)?.description.hasPrefix("\(text) holds no certificate in PEM form") == true)
        #expect(problem(key: text)?.description.hasPrefix("\(text) holds no private key that belongs to") == true)
        #expect(problem(clientAuthorities: text)?.description.hasPrefix("\(text) holds no certificates in PEM") == true)
        let other = try await authority.issue("other", ["DNS:other.test"])
        let mismatch = problem(key: other.key)
        #expect(mismatch?.key == "key" && mismatch?.description.contains("belongs to the certificate in") == true)
    }

    @Test func keyThatOthersCanReadIsRefusedWithTheCommand() {
        chmod(own.key, 0o640)
        #expect(problem()?.description.hasSuffix("Run: chmod 600 \(own.key)") == true)
    }

    @Test func encryptedKeyIsRefusedAndNobodyIsAsked() async throws {
        let encrypted = directory.file("encrypted.key")
        try await TestAuthority.openssl(["pkey", "-in", own.key, "-aes256", "-passout", "pass:word", "-out", encrypted])
        chmod(encrypted, 0o600)
        #expect(problem(key: encrypted)?.description.hasPrefix("\(encrypted) is encrypted") == true)
    }

    @Test func sourceKeepsWhatItHasWhenAFileIsBad() async throws {
        let source = try TLSSource(TLSFiles(certificate: own.certificate, key: own.key))
        let first = source.current.certificate.fingerprint
        #expect(try source.reload() == false)
        try directory.write("hello\n", to: "own.pem")
        #expect(throws: TLSProblem.self) { try source.reload() }
        #expect(source.current.certificate.fingerprint == first)
        _ = try await authority.issue("own", ["DNS:gate.test"])
        #expect(try source.reload())
        #expect(source.current.certificate.fingerprint != first)
    }
}
