import CTLS
import GateTestKit
import NIOCore
import Testing

@testable import GateTLS

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The handler in front of a real socket, against OpenSSL's client.
@Suite(.serialized) struct TLSHandlerTests {
    private let directory: TemporaryDirectory
    private let authority: TestAuthority
    private let own: TestAuthority.Identity

    init() async throws {
        directory = try TemporaryDirectory()
        authority = try await TestAuthority(in: directory)
        own = try await authority.issue("own", ["DNS:localhost"])
    }

    private func files(asks: Bool = false, requires: Bool = false) -> TLSFiles {
        TLSFiles(
            certificate: own.certificate, key: own.key, clientAuthorities: asks ? authority.certificate : nil,
            requiresClientCertificate: requires)
    }

    private func with(
        _ files: TLSFiles? = nil, timeout: TimeAmount = .seconds(10), allowsPlain: Bool = false,
        _ body: (EchoServer, TLSSource) async throws -> Void
    ) async throws {
        let source = try TLSSource(files ?? self.files())
        let server = try await EchoServer(source, timeout: timeout, allowsPlain: allowsPlain)
        try await body(server, source)
        try await server.stop()
    }

    private var trusting: TLSTestClient.Options { .init(authority: authority.certificate) }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION]) func bytesGoBothWays(_ version: Int32) async throws {
        try await with { server, _ in
            try await offPool {
                let client = try TLSTestClient(
                    port: server.port, .init(authority: authority.certificate, mostVersion: version))
                #expect(client.shakeHands())
                #expect(client.version == (version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2"))
                for size in [1, 16_384, 16_385, 200_000] {
                    let message = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                    #expect(client.send(message))
                    #expect(client.read(exactly: size) == message, "\(size)")
                }
                client.send(Array("bye".utf8))
                #expect(client.read(exactly: 3) == Array("bye".utf8))
                #expect(client.read() == .ended)
            }
        }
    }

    @Test func olderVersionsAreRefused() async throws {
        try await with { server, _ in
            try await offPool {
                for version in [TLS1_VERSION, TLS1_1_VERSION] {
                    let client = try TLSTestClient(port: server.port, .init(mostVersion: version))
                    #expect(!client.shakeHands())
                }
            }
        }
    }

    @Test func aClientThatOffersOtherProtocolsOnlyIsRefused() async throws {
        try await with { server, _ in
            try await offPool {
                for (offered, selected) in [
                    (["http/1.1", "h2"], "h2"), (["spdy/3", "http/1.1"], "http/1.1"), ([], ""),
                ] {
                    let client = try TLSTestClient(
                        port: server.port, .init(authority: authority.certificate, protocols: offered))
                    #expect(client.shakeHands() && client.selectedProtocol == selected)
                }
                let other = try TLSTestClient(port: server.port, .init(protocols: ["spdy/3"]))
                #expect(!other.shakeHands())
            }
        }
    }

    @Test func aConnectionIsNotNegotiatedAnew() async throws {
        try await with { server, _ in
            try await offPool {
                let client = try TLSTestClient(
                    port: server.port, .init(authority: authority.certificate, mostVersion: TLS1_2_VERSION))
                #expect(client.shakeHands())
                #expect(!client.renegotiate())
            }
        }
    }

    @Test func theClientsCertificateIsHandedOn() async throws {
        let alice = try await authority.issue("alice", ["URI:spiffe://x/alice", "DNS:alice.test"])
        try await with(files(asks: true)) { server, _ in
            try await offPool {
                let client = try TLSTestClient(
                    port: server.port, .init(authority: authority.certificate, identity: alice))
                #expect(client.shakeHands())
                client.send([1])
                #expect(client.read(exactly: 1) == [1])
            }
            #expect(try await server.firstNames() == ["spiffe://x/alice", "alice.test"])
        }
    }

    @Test func aClientNeedsNoCertificateUnlessItIsRequired() async throws {
        try await with(files(asks: true)) { server, _ in
            try await offPool {
                let client = try TLSTestClient(port: server.port, trusting)
                #expect(client.shakeHands())
                client.send([1])
                #expect(client.read(exactly: 1) == [1])
            }
            #expect(try await server.firstNames() == nil)
        }
        try await with(files(asks: true, requires: true)) { server, _ in
            try await offPool {
                let client = try TLSTestClient(port: server.port, trusting)
                // With TLS 1.3 the refusal comes behind the client's half of the handshake.
                if client.shakeHands() { #expect(client.read() == .failed) }
            }
        }
    }

    @Test(arguments: ["another authority's", "its own", "ended"]) func certificatesThatDoNotCountEndTheHandshake(
        _ kind: String
    ) async throws {
        let identity =
            switch kind {
            case "ended": try await authority.issue("late", ["DNS:alice.test"], days: -1)
            case "its own": try await selfSigned()
            default:
                try await TestAuthority(in: directory, name: "stranger").issue("strange", ["URI:spiffe://x/alice"])
            }
        try await with(files(asks: true)) { server, _ in
            try await offPool {
                let client = try TLSTestClient(port: server.port, .init(identity: identity))
                if client.shakeHands() { #expect(client.read() == .failed) }
            }
        }
    }

    private func selfSigned() async throws -> TestAuthority.Identity {
        let identity = TestAuthority.Identity(
            certificate: directory.file("self.pem"), key: directory.file("self.key"))
        try await TestAuthority.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            identity.key, "-out", identity.certificate, "-subj", "/CN=self", "-addext", "subjectAltName=DNS:alice.test",
        ])
        return identity
    }

    @Test func aRenewedCertificateCountsForNewConnectionsOnly() async throws {
        try await with { server, source in
            let open = try TLSTestClient(port: server.port, trusting)
            #expect(try await offPool { open.shakeHands() })
            _ = try await authority.issue("own", ["DNS:localhost"])
            #expect(try source.reload())
            try await offPool {
                let next = try TLSTestClient(port: server.port, trusting)
                #expect(next.shakeHands())
                #expect(next.serverFingerprint != open.serverFingerprint)
                open.send([7])
                #expect(open.read(exactly: 1) == [7])
            }
        }
    }

    @Test func plainHTTPIsAnsweredInWordsOrGoesThrough() async throws {
        for isAllowed in [false, true] {
            try await with(allowsPlain: isAllowed) { server, _ in
                try await offPool {
                    let descriptor = try TLSTestClient.connect(server.port)
                    defer { close(descriptor) }
                    #expect(write(descriptor, "GET / HTTP/1.1\r\n", 16) == 16)
                    var buffer = [UInt8](repeating: 0, count: 100)
                    let count = read(descriptor, &buffer, 100)
                    let answer = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
                    #expect(answer == (isAllowed ? "GET / HTTP/1.1\r\n" : EchoServer.plainRefusal))
                    if !isAllowed { #expect(read(descriptor, &buffer, 100) <= 0) }
                }
            }
        }
    }

    @Test func garbageAndSilenceEndTheConnectionAlone() async throws {
        try await with(timeout: .milliseconds(300)) { server, _ in
            try await offPool {
                var buffer = [UInt8](repeating: 0, count: 100)
                var generator = SeededGenerator(seed: 7)
                for _ in 0..<200 {
                    let garbage = try TLSTestClient.connect(server.port)
                    let bytes = [22] + (0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) }
                    _ = bytes.withUnsafeBytes { write(garbage, $0.baseAddress, $0.count) }
                    // An alert may come first.
                    while read(garbage, &buffer, 100) > 0 {}
                    close(garbage)
                }
                let silent = try TLSTestClient.connect(server.port)
                #expect(read(silent, &buffer, 100) == 0)
                close(silent)
                let good = try TLSTestClient(port: server.port, trusting)
                #expect(good.shakeHands())
                good.send([9])
                #expect(good.read(exactly: 1) == [9])
            }
        }
    }
}
