import GateCore
import GateTestKit
import Testing

@Suite struct URITests {
    @Test(arguments: [
        ("HTTP://Example.COM", "http://example.com/"), ("http://example.com:80/", "http://example.com/"),
        ("https://u:P@Example.com:8443/A/./b/../c?Q#F", "https://u:P@example.com:8443/A/c?Q#F"),
        ("file:///a/%7Eb/%2e%2e/c d", "file:///a/c%20d"), ("file:///%c3%a9", "file:///é"),
        ("test:Opaque/../x", "test:Opaque/../x"), ("x://h/..", "x://h/"), ("http://h:/", "http://h/"),
    ])
    func spellingsOfOneURIHaveOneForm(left: String, right: String) {
        #expect(URIForm.normalized(left) == URIForm.normalized(right))
    }

    @Test(arguments: [
        ("file:///a", "file:///A"), ("http://a/b", "http://a/b/"), ("a:1", "a:2"), ("http://h/%2F", "http://h//"),
        ("http://h:8080/", "http://h/"),
    ])
    func othersKeepTheirs(left: String, right: String) {
        #expect(URIForm.normalized(left) != URIForm.normalized(right))
    }

    @Test func theFormIsItsOwnForm() {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("aZ/.%2eF:?#@ é[]\\\u{0}".unicodeScalars)
        for _ in 0..<20_000 {
            var text = "x:"
            for _ in 0..<Int.random(in: 0...24, using: &random) {
                text.unicodeScalars.append(alphabet.randomElement(using: &random) ?? "a")
            }
            let form = URIForm.normalized(text)
            #expect(URIForm.normalized(form).utf8.elementsEqual(form.utf8), "\(text.debugDescription)")
        }
    }

    @Test func schemesAreThoseOfTheRFC() {
        for uri in ["a:", "test://x", "git+ssh://h", "x-1.2:y"] { #expect(URIForm.hasScheme(uri)) }
        for uri in ["", ":", "/a", "1a:", "a b:c", "no scheme", "é:x"] { #expect(!URIForm.hasScheme(uri)) }
    }

    @Test(arguments: [
        ("db://{table}", "db://people"), ("db://{table}/{row}", "db://people/7"), ("file:///{+path}", "file:///a/b.c"),
        ("x:a{?q,r}", "x:a?q=1&r=2"), ("x:a{?q}", "x:a"), ("x:a{?q}{&r}", "x:a?q=1&r=2"), ("x:{a}.{b}", "x:1.2.3"),
        ("x:a{/b*}", "x:a/1/2"), ("x:a{.ext}", "x:a.png"), ("x:a{#f}z", "x:az"), ("x:a{;p}", "x:a;p=1"),
        ("plain:x", "plain:x"), ("x:{a,b}", "x:1,2"), ("x:{é}", "x:%C3%A9"),
    ])
    func aTemplateMatchesWhatIsMadeOfIt(template: String, uri: String) throws {
        #expect(try #require(URITemplate(template)).matches(uri))
    }

    @Test(arguments: [
        ("db://{table}", "db://"), ("db://{table}", "db://a/b"), ("db://{table}", "dc://a"), ("x:a{?q}", "x:ab"),
        ("x:{a}.{b}", "x:12"), ("plain:x", "plain:xy"), ("x:a{/b}", "x:a/1/2"), ("x:{a}", ""),
    ])
    func andNothingElse(template: String, uri: String) throws {
        #expect(!(try #require(URITemplate(template)).matches(uri)))
    }

    @Test func whatIsNoTemplateMatchesNothing() {
        for text in ["x:{", "x:{}", String(repeating: "a", count: URITemplate.maxLength + 1)] {
            #expect(URITemplate(text) == nil)
        }
    }

    @Test func aHostileTemplateTakesBoundedTime() throws {
        let template = try #require(URITemplate(String(repeating: "{a}a", count: 400)))
        let uri = String(repeating: "a", count: 8_000)
        var steps = 0
        #expect(!template.matches(uri + "/", steps: &steps))
        #expect(steps < 2 * URITemplate.maxSteps)
        // What one has used up is gone for the next.
        #expect(steps < URITemplate.maxSteps || !template.matches(uri, steps: &steps))
    }

    @Test func aTextIsCutBetweenCharacters() {
        #expect("aéb".prefix(bytes: 2) == "a")
        #expect("aéb".prefix(bytes: 3) == "aé")
        #expect("aéb".prefix(bytes: 4) == "aéb")
        #expect("\u{1F600}".prefix(bytes: 3) == "")
        #expect("ab".prefix(bytes: -1) == "")
    }
}
