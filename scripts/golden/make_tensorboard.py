"""Makes src/formats/golden/tensorboard.json: event files' records as TensorBoard's own code writes them, in hexadecimal.

Needs the package tensorboard (or its sources on PYTHONPATH, with the .proto files compiled by protoc).
"""

import io
import json
from pathlib import Path

from tensorboard.compat.proto import event_pb2, graph_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

GOLDEN = Path(__file__).resolve().parents[2] / "src" / "formats" / "golden" / "tensorboard.json"


def record(event):
    file = io.BytesIO()
    RecordWriter(file).write(event.SerializeToString(deterministic=True))
    return file.getvalue().hex()


def scalars():
    event = event_pb2.Event(wall_time=1.5, step=7)
    event.summary.value.add(tag="loss/train", simple_value=0.25)
    event.summary.value.add(tag="auc", simple_value=-1e-3)
    return event


def graph():
    definition = graph_pb2.GraphDef()
    definition.versions.producer = 22
    image = definition.node.add(name="image", op="input")
    shape = image.attr["_output_shapes"].list.shape.add()
    shape.dim.add(size=-1)
    shape.dim.add(size=6)
    conv = definition.node.add(name="a/b", op="conv2d", input=["image"])
    shape = conv.attr["_output_shapes"].list.shape.add()
    shape.dim.add(size=2)
    shape.dim.add(size=4)
    conv.attr["bias"].b = False
    conv.attr["eps"].f = 1e-3
    conv.attr["groups"].i = 3
    conv.attr["mode"].s = b"same"
    conv.attr["stride"].list.i.extend([2, 1])
    return event_pb2.Event(wall_time=1.5, graph_def=definition.SerializeToString(deterministic=True))


def start():
    event = event_pb2.Event(wall_time=1.5, step=2**40)
    event.session_log.status = event_pb2.SessionLog.START
    return event


records = {
    "file": event_pb2.Event(wall_time=1.5, file_version="brain.Event:2"),
    "scalars": scalars(),
    "start": start(),
    "graph": graph(),
}
GOLDEN.write_text(json.dumps({name: record(event) for name, event in records.items()}, indent=2) + "\n")
