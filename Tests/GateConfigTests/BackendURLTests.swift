import Testing

@testable import GateConfig

@Suite struct BackendURLTests {
    @Test(arguments: [
        ("http://a", "http://a", "a"),
        ("HTTPS://User:p%40w@Host.Example:8443/mcp?key=1", "https://Host.Example:8443/mcp", "host.example"),
        ("http://[::1]:80/x", "http://[::1]:80/x", "::1"), ("http://a?b", "http://a", "a"),
        ("http://u@a/", "http://a/", "a"),
        ("http://a/b@c", "http://a/b@c", "a"), ("http://3com.4you/", "http://3com.4you/", "3com.4you"),
        ("http://127.0.0.1:3000/sse", "http://127.0.0.1:3000/sse", "127.0.0.1"),
    ])
    func accepts(_ text: String, shown: String, host: String) throws {
        let url = try BackendURL(text)
        #expect(url.exposed == text)
        #expect(url.shown == shown)
        #expect(url.host == host)
        #expect("\(url)" == shown && String(reflecting: url) == shown)
    }

    @Test(arguments: [
        "", "a", "ftp://a", "http:/a", "http://", "http:///x", "http://:80", "http://a:", "http://a:0",
        "http://a:65536",
        "http://a:8x", "http://a:-1", "http://a b", "http://a\\b", "http://a/#f", "http://é", "http://a\n",
        "http://[::1",
        "http://[]", "http://[x]", "http://[::1]x", "http://a_b c", "http://a:1:2", "http://user@", "http://a/\u{0}",
        "http://u:p/w@a/", "javascript:alert(1)", "http://a%2fb", "http://a:999999999999999999999", "//a",
        "file:///etc", "http://127.1", "http://0x7f.0.0.1", "http://0177.0.0.1", "http://2130706433",
        "http://127.0.0.1.",
        "http://0x7f000001", "http://1.2.3.256", "http://a.0x", "http://[::1%25lo]", "http://[127.0.0.1]", "http://.",
    ])
    func refuses(_ text: String) {
        #expect(throws: BackendURL.Problem.self) { try BackendURL(text) }
    }

    @Test func credentials() throws {
        #expect(try BackendURL("http://u@a").hasCredentials)
        #expect(try BackendURL("http://a?k=1").hasCredentials)
        #expect(try !BackendURL("http://a/k").hasCredentials)
    }
}
