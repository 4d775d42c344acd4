import GateProtocol
import Testing

@testable import GateCore

@Suite struct ItemDefinitionCheckTests {
    private func check(
        _ text: String, _ kind: ItemDefinitionCheck.Kind = .resource, maxDescription: Int = 100
    ) throws -> ItemDefinitionCheck {
        ItemDefinitionCheck(try JSONValue(parsing: text), kind: kind, maxDescription: maxDescription)
    }

    @Test func whatIsRightStaysAsItIs() throws {
        let resource = #"{"uri":"a:b","name":"n","size":1.0,"icons":[],"x":null,"annotations":{"priority":1}}"#
        #expect(try check(resource).outcome == .keep)
        #expect(try check(resource).key == "a:b")
        #expect(try check(#"{"uriTemplate":"a:{b}","name":"n"}"#, .resourceTemplate).outcome == .keep)
        #expect(try check(#"{"name":"p","arguments":[{"name":"a","required":true}]}"#, .prompt).outcome == .keep)
    }

    @Test(arguments: [
        "7", "[]", "{}", #"{"uri":7,"name":"n"}"#, #"{"uri":"","name":"n"}"#, #"{"uri":"no scheme","name":"n"}"#,
        #"{"uri":"/etc/passwd","name":"n"}"#,
    ])
    func whatCannotBeListedIsDropped(text: String) throws {
        guard case .dropped = try check(text).outcome else {
            Issue.record("kept: \(text)")
            return
        }
    }

    @Test func membersOfTheWrongKindAreLeftOut() throws {
        let odd = #"{"uri":"a:b","title":null,"mimeType":7,"size":-1,"icons":{},"_meta":[],"description":"d","x":1}"#
        #expect(try check(odd).definition.text == #"{"uri":"a:b","description":"d","x":1,"name":"a:b"}"#)
        let prompt =
            #"{"name":"p","arguments":[{"name":"a","required":1,"description":null},{"no":"name"},7]}"#
        #expect(try check(prompt, .prompt).definition.text == #"{"name":"p","arguments":[{"name":"a"}]}"#)
        let long = #"{"uri":"a:b","name":"n","description":"ééé"}"#
        #expect(try check(long, maxDescription: 3).definition["description"] == "é…")
    }
}
