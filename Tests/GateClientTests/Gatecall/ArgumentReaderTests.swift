import ArgumentParser
import GateProtocol
import Testing

@testable import gatecall

/// How `key=value` words become JSON.
@Suite struct ArgumentReaderTests {
    private static let schema: JSONValue = [
        "type": "object",
        "properties": [
            "text": ["type": "string"], "count": ["type": "integer"], "ratio": ["type": "number"],
            "on": ["type": "boolean"], "list": ["type": "array", "items": ["type": "integer"]],
            "tags": ["type": "array", "items": ["type": "string"]], "map": ["type": "object"],
            "maybe": ["anyOf": [["type": "integer"], ["type": "null"]]], "either": ["type": ["integer", "string"]],
            "level": ["enum": [1, 2, "high"]], "ref": ["$ref": "#/$defs/Size"], "any": ["description": "whatever"],
            "loop": ["$ref": "#/$defs/Loop"], "unsure": ["anyOf": [["type": "integer"], .object(JSONObject())]],
        ],
        "$defs": ["Size": ["type": "integer"], "Loop": ["$ref": "#/$defs/Loop"]],
    ]
    private let reader = ArgumentReader(schema: ToolSchema(schema))

    @Test(arguments: [
        (["text=5"], #"{"text":"5"}"#),
        (["text=a=b"], #"{"text":"a=b"}"#),
        (["text="], #"{"text":""}"#),
        (["count=5"], #"{"count":5}"#),
        (["count=-9007199254740993"], #"{"count":-9007199254740993}"#),
        (["count=123456789012345678901234567890"], #"{"count":123456789012345678901234567890}"#),
        (["count=3.0"], #"{"count":3.0}"#),
        (["ratio=1.10"], #"{"ratio":1.10}"#),
        (["on=true"], #"{"on":true}"#),
        (["list=[1,2]"], #"{"list":[1,2]}"#),
        (["list=1", "list=2"], #"{"list":[1,2]}"#),
        (["tags=a", "tags=2"], #"{"tags":["a","2"]}"#),
        ([#"map={"a":1}"#], #"{"map":{"a":1}}"#),
        (["maybe=null"], #"{"maybe":null}"#),
        (["maybe=4"], #"{"maybe":4}"#),
        (["either=4"], #"{"either":4}"#),
        (["either=4x"], #"{"either":"4x"}"#),
        (["level=2"], #"{"level":2}"#),
        (["level=high"], #"{"level":"high"}"#),
        (["ref=7"], #"{"ref":7}"#),
        (["any=5"], #"{"any":"5"}"#),
        (["unknown=true"], #"{"unknown":"true"}"#),
        (["loop=1"], #"{"loop":"1"}"#),
        (["unsure=1"], #"{"unsure":"1"}"#),
        (["any:=5", "text:=null"], #"{"any":5,"text":null}"#),
        (["text=a", "count=1"], #"{"text":"a","count":1}"#),
    ])
    func typed(words: [String], json: String) throws {
        #expect(try reader.read(words).text == json)
    }

    @Test(arguments: [
        (["count=x"], #"count must be an integer; "x" is not."#),
        (["count=1.5"], #"count must be an integer; "1.5" is not."#),
        (["on=yes"], #"on must be true or false; "yes" is not."#),
        (["map=[]"], #"map must be an object, written as JSON; "[]" is not."#),
        (["list=x"], #"list must be an integer; "x" is not."#),
        (["list=[1"], #"list must be an array, written as JSON; "[1" is not."#),
        (["maybe=x"], #"maybe must be an integer or null; "x" is not."#),
        (["ratio=0x1"], #"ratio must be a number; "0x1" is not."#),
        (["text=a", "text=b"], "text is given twice."),
        (["list=[1]", "list=2"], "list is given twice."),
        (["any:=x"], "any:= must be followed by JSON; a string needs quotes."),
    ])
    func refused(words: [String], message: String) {
        let error = #expect(throws: ValidationError.self) { try reader.read(words) }
        #expect(error?.message == message)
    }

    @Test(arguments: ["word", "=x"])
    func noKeyAndValue(word: String) {
        #expect(throws: ValidationError.self) { try reader.read([word]) }
    }

    @Test func schemaIsFoundInAnyAnswer() {
        for key in ["parameters", "inputSchema", "schema"] {
            #expect(ToolSchema(answer: .object(JSONObject([("name", "x"), (key, Self.schema)]))).schema == Self.schema)
        }
        #expect(ToolSchema(answer: Self.schema).schema == Self.schema)
    }
}
