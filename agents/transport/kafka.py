"""Faust's own Kafka transport, reading on at once when buffers have room."""

from __future__ import annotations

from typing import ClassVar

from faust.transport.drivers import aiokafka

from agents.transport.flow import SteadyFlow


class KafkaConsumer(SteadyFlow, aiokafka.Consumer):  # type: ignore[misc]
    """Consume from Kafka without Faust's idle second."""


class KafkaTransport(aiokafka.Transport):  # type: ignore[misc]
    """Carry Faust's messages over Kafka."""

    Consumer: ClassVar[type[KafkaConsumer]] = KafkaConsumer
